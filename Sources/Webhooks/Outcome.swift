/// What became of one attempt to deliver an entry, in the five kinds that are settled differently.
public enum Outcome: Sendable, Equatable {
    /// The receiver took it (2xx).
    case delivered(status: Int)
    /// The receiver will never take this message; others may pass.
    case poison(status: Int)
    /// The route is at fault, not the message: it is held and its entries are kept.
    case misconfigured(Misconfiguration)
    /// The receiver wants nothing more (410): the route is paused.
    case gone
    /// It may pass later.
    case outage(Failure)

    /// What an operator has to put right.
    public enum Misconfiguration: Sendable, Equatable {
        /// 401, 403, 404, 405 or a redirect, which is never followed.
        case status(Int)
        /// The receiver's certificate is not trusted, has expired or is another host's.
        case certificate
        /// Our own certificate, key or CA file cannot be used.
        case credentials
        /// The host's name does not resolve.
        case unknownHost
        /// The host's address may not be called from here.
        case forbiddenAddress
    }

    /// Why the receiver could not be reached or did not answer as hoped.
    public enum Failure: Sendable, Equatable {
        case status(Int, retryAfter: RetryAfter? = nil)
        case timedOut
        case refused
        /// The connection ended before the answer did.
        case reset
        /// The handshake failed for another reason than a certificate.
        case tls
        /// The transport's own words, for logs.
        case other(String)
    }
}

extension Outcome {
    /// The status of the receiver's answer, `nil` if none came.
    public var status: Int? {
        switch self {
        case .delivered(let status), .poison(let status), .misconfigured(.status(let status)),
            .outage(.status(let status, _)):
            status
        case .gone: 410
        case .misconfigured, .outage: nil
        }
    }

    /// One stable word for a dead letter's `reason`, a metric's label or a log's key.
    public var reason: String {
        if let status { return "http_\(status)" }
        return switch self {
        case .misconfigured(.certificate): "certificate"
        case .misconfigured(.credentials): "credentials"
        case .misconfigured(.unknownHost): "unknown_host"
        case .misconfigured(.forbiddenAddress): "forbidden_address"
        case .outage(.timedOut): "timeout"
        case .outage(.refused): "refused"
        case .outage(.reset): "reset"
        case .outage(.tls): "tls"
        default: "transport"
        }
    }
}

extension Outcome: CustomStringConvertible {
    public var description: String {
        switch self {
        case .delivered(let status): "delivered (\(status))"
        case .poison(let status): "the receiver refuses this message (\(status))"
        case .misconfigured(.status(let status)): "the receiver refuses this route (\(status))"
        case .misconfigured(.certificate): "the receiver's certificate is not trusted"
        case .misconfigured(.credentials): "our own certificate, key or CA file cannot be used"
        case .misconfigured(.unknownHost): "the receiver's name does not resolve"
        case .misconfigured(.forbiddenAddress): "the receiver's address is forbidden"
        case .gone: "the receiver is gone (410)"
        case .outage(.status(let status, .none)): "the receiver failed (\(status))"
        case .outage(.status(let status, .some(let wait))):
            "the receiver failed (\(status)) and asks for a pause \(wait)"
        case .outage(.timedOut): "no answer in time"
        case .outage(.refused): "connection refused"
        case .outage(.reset): "the connection ended before the answer did"
        case .outage(.tls): "the TLS handshake failed"
        case .outage(.other(let words)): words
        }
    }
}
