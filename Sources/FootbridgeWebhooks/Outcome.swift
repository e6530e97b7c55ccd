/// What became of one attempt to deliver an entry: one kind for each answer to "whose fault is it?".
public enum Outcome: Sendable, Equatable {
    /// The receiver took it: 2xx, or `nil` where there are no statuses.
    case delivered(status: Int?)
    /// The receiver says that this message is wrong. Whether that is so depends on what it says to others.
    case messageRefused(MessageRefusal)
    /// The receiver, or the way to it, takes nothing as the route is configured.
    case routeRefused(RouteRefusal)
    /// The receiver wants fewer requests: 429, and 503 with `Retry-After`.
    case throttled(status: Int, retryAfter: RetryAfter?)
    /// It may pass later.
    case outage(Failure)
    /// This process has no descriptor, local port, memory or thread left; the words say which. Nobody else is to blame.
    case ownLack(String)

    /// What was not taken of one entry.
    public enum MessageRefusal: Sendable, Equatable {
        /// See `StatusTable`.
        case status(Int)
        /// The status says that it was taken, and the body of the answer that it was not.
        case body(status: Int)
        /// Redis does not take it where it is to go: the key that the entry names holds something else.
        case redis(RedisAnswer)
    }

    /// What an operator has to put right.
    public enum RouteRefusal: Sendable, Equatable {
        /// See `StatusTable`. Redirects are among them: they are never followed.
        case status(Int)
        /// The receiver's certificate is not trusted, has expired or is another host's.
        case certificate
        /// The host's name does not exist.
        case unknownHost
        /// `https://` to a port that does not speak TLS.
        case noTLS
        case clientCertificateWanted
        /// Our own certificate, key or CA file cannot be used.
        case credentials
        /// The host's address may not be called from here.
        case forbiddenAddress
        /// The server that gives out tokens gave none; its host, and why.
        case noToken(String)
        /// The receiver does not allow events to be sent to it, or does not say so.
        case noPermission(String)
        /// Redis takes nothing from this user, or not into this key, with its own words: `NOPERM`, `WRONGTYPE` …
        case redis(RedisAnswer)
    }

    /// Why the receiver could not be reached or did not answer as hoped.
    public enum Failure: Sendable, Equatable {
        case status(Int)
        case timedOut
        case refused
        /// The connection ended before the answer did.
        case reset
        /// A connection that had carried other requests ended before any byte of an answer.
        case keptConnectionEnded
        /// The handshake failed for another reason than a certificate.
        case tls
        /// No answer from DNS, or a temporary one.
        case nameLookupFailed
        /// Bytes came that are no HTTP.
        case notHTTP
        /// The proxy cannot be reached or does not let us through; its own words.
        case proxy(String)
        /// The answer takes the request, and names this entry among those that failed.
        case named(status: Int)
        /// Redis cannot just now: `OOM`, `LOADING` …
        case redis(RedisAnswer)
        /// The transport's own words, for logs.
        case other(String)
    }

    /// An error that Redis answered with, as it did: `WRONGTYPE Operation against a key …`.
    ///
    /// One text and no more: an outcome is passed on for every entry, and a larger one would be felt.
    public struct RedisAnswer: Sendable, Equatable {
        public let words: String

        public init(_ words: String) { self.words = words }

        /// With the first word, if that is an error's code.
        var reason: String {
            let code = words.prefix { $0 != " " }
            let isCode = !code.isEmpty && code.allSatisfy { ("A"..."Z").contains($0) }
            return isCode ? "redis_\(code.lowercased())" : "redis"
        }
    }
}

extension Outcome {
    public var isDelivered: Bool { if case .delivered = self { true } else { false } }

    public static func messageRefused(status: Int) -> Outcome { .messageRefused(.status(status)) }

    /// The status of the receiver's answer, `nil` if none came.
    public var status: Int? {
        switch self {
        case .delivered(let status): status
        case .messageRefused(.status(let status)), .messageRefused(.body(let status)),
            .routeRefused(.status(let status)), .throttled(let status, _), .outage(.status(let status)),
            .outage(.named(let status)):
            status
        case .messageRefused, .routeRefused, .outage, .ownLack: nil
        }
    }

    /// The words that `reason` knows beside `http_<status>` and `redis_<code>`.
    public enum Reason: String, CaseIterable, Sendable {
        case acceptBody = "accept.body"
        case acceptFailed = "accept.failed"
        case certificate
        case credentials
        case unknownHost = "unknown_host"
        case forbiddenAddress = "forbidden_address"
        case noTLS = "no_tls"
        case noToken = "no_token"
        case noPermission = "no_permission"
        case clientCertificate = "client_certificate"
        case timeout
        case refused
        case reset
        case keptConnectionEnded = "kept_connection_ended"
        case tls
        case nameLookup = "name_lookup"
        case notHTTP = "not_http"
        case proxy
        case delivered
        case ownLack = "own_lack"
        case transport
    }

    /// One stable word for a dead letter's `reason`, a metric's label or a log's key.
    public var reason: String {
        switch self {
        case .messageRefused(.redis(let answer)), .routeRefused(.redis(let answer)), .outage(.redis(let answer)):
            return answer.reason
        case .messageRefused(.body), .outage(.named): break
        default: if let status { return "http_\(status)" }
        }
        return word.rawValue
    }

    private var word: Reason {
        switch self {
        case .messageRefused(.body): .acceptBody
        case .outage(.named): .acceptFailed
        case .routeRefused(.certificate): .certificate
        case .routeRefused(.credentials): .credentials
        case .routeRefused(.unknownHost): .unknownHost
        case .routeRefused(.forbiddenAddress): .forbiddenAddress
        case .routeRefused(.noTLS): .noTLS
        case .routeRefused(.noToken): .noToken
        case .routeRefused(.noPermission): .noPermission
        case .routeRefused(.clientCertificateWanted): .clientCertificate
        case .outage(.timedOut): .timeout
        case .outage(.refused): .refused
        case .outage(.reset): .reset
        case .outage(.keptConnectionEnded): .keptConnectionEnded
        case .outage(.tls): .tls
        case .outage(.nameLookupFailed): .nameLookup
        case .outage(.notHTTP): .notHTTP
        case .outage(.proxy): .proxy
        case .delivered: .delivered
        case .ownLack: .ownLack
        default: .transport
        }
    }

    /// It happened before the request was sent, so no entry can be the cause.
    public var precedesRequest: Bool {
        switch self {
        case .routeRefused(.status): false
        case .routeRefused: true
        case .outage(.refused), .outage(.tls), .outage(.nameLookupFailed), .outage(.proxy), .outage(.redis): true
        default: false
        }
    }

    /// It may be the fault of a number of entries, made by somebody who did them wrong for a while.
    public var maySpeakOfEntries: Bool {
        switch self {
        case .messageRefused, .routeRefused(.status): true
        // One that a receiver chokes on.
        case .outage(.status), .outage(.named), .outage(.timedOut), .outage(.reset), .outage(.keptConnectionEnded),
            .outage(.notHTTP):
            true
        default: false
        }
    }

    /// What a receiver may answer because bytes of an earlier request were left on the connection: it takes them for the
    /// beginning of this one.
    ///
    /// Python's http.server (HTTP/1.1) answers 400 or 501 after it left a body unread; others 405, 505 or no HTTP at all.
    /// 401, 403 and 404 need a request that was understood, and are not among them.
    public var mayComeFromLeftovers: Bool {
        switch self {
        case .messageRefused(.status), .routeRefused(.status(405)), .routeRefused(.status(501)), .outage(.status(505)),
            .outage(.notHTTP), .outage(.keptConnectionEnded):
            true
        default: false
        }
    }
}

extension Outcome: CustomStringConvertible {
    public var description: String {
        switch self {
        case .delivered(.some(let status)): "delivered (\(status))"
        case .delivered(.none): "delivered"
        case .messageRefused(.status(let status)): "the receiver refuses this message (\(status))"
        case .messageRefused(.body(let status)):
            "the receiver refuses this message (\(status), with a body that is not accepted)"
        case .messageRefused(.redis(let answer)): "Redis refuses this entry: \(answer.words)"
        case .routeRefused(let refusal): refusal.description
        case .throttled(let status, .none): "the receiver wants fewer requests (\(status))"
        case .throttled(let status, .some(let wait)):
            "the receiver wants fewer requests (\(status)) and asks for a pause \(wait)"
        case .outage(let failure): failure.description
        case .ownLack(let words): words
        }
    }
}

extension Outcome.RouteRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .status(let status): "the receiver refuses this route (\(status))"
        case .certificate: "the receiver's certificate is not trusted"
        case .credentials: "our own certificate, key or CA file cannot be used"
        case .unknownHost: "the receiver's name does not exist"
        case .forbiddenAddress: "the receiver's address is forbidden"
        case .noTLS: "the port does not speak TLS"
        case .clientCertificateWanted: "the receiver wants a client certificate"
        case .noToken(let words): "no token: \(words)"
        case .noPermission(let words): "no permission: \(words)"
        case .redis(let answer): "Redis refuses: \(answer.words)"
        }
    }
}

extension Outcome.Failure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .status(let status): "the receiver failed (\(status))"
        case .timedOut: "no answer in time"
        case .refused: "connection refused"
        case .reset: "the connection ended before the answer did"
        case .keptConnectionEnded: "a kept connection ended before any answer"
        case .tls: "the TLS handshake failed"
        case .nameLookupFailed: "the receiver's name could not be looked up"
        case .named(let status): "the receiver takes the request (\(status)) and says that this entry failed"
        case .notHTTP: "the answer is not HTTP"
        case .proxy(let words): "the proxy fails: \(words)"
        case .redis(let answer): "Redis cannot just now: \(answer.words)"
        case .other(let words): words
        }
    }
}
