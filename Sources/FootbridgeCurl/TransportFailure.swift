internal import CFootbridgeCurl

/// Why no HTTP response (or no connection) came about.
public struct TransportFailure: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// The name does not exist, or has no address.
        case unknownHost
        /// No resolver answered, or it could not say: the name may well exist.
        case nameLookupFailed
        /// Nobody listens, or the network refuses.
        case refused
        case timedOut
        /// The connection ended or broke before the whole response was there.
        case disconnected
        /// A kept connection ended before any byte of an answer; libcurl would have repeated the request by itself.
        case keptConnectionEnded
        /// The certificate is not valid for this host, or not trusted.
        case certificate
        /// TLS failed otherwise: no common version, no handshake.
        case tls
        /// The port does not speak TLS.
        case noTLS
        /// The receiver wants a certificate from us, or another one.
        case clientCertificateWanted
        /// The host has no address that may be connected to.
        case forbiddenAddress
        /// The proxy does not answer, cannot be found, or does not let us through.
        case proxy
        /// Bytes came that are no HTTP.
        case notHTTP
        /// The request cannot be sent at all: URL or protocol not allowed, a file of the TLS options missing.
        case invalid
        /// We lack something of our own: a descriptor, a local port, memory, a thread. The receiver was not asked.
        case ownLack
        /// We stopped it ourselves: the loop or the process is ending.
        case cancelled
        /// Anything else; `message` says.
        case other
    }

    public let kind: Kind
    /// libcurl's number, see <https://curl.se/libcurl/c/libcurl-errors.html>.
    public let code: UInt32
    /// libcurl's words, for people; of a `CurlSocket` with the peer's address.
    public let message: String
    /// It happened on a connection that had carried other requests before.
    public var usedConnection: Bool

    public init(kind: Kind, code: UInt32 = 0, message: String, usedConnection: Bool = false) {
        self.kind = kind
        self.code = code
        self.message = message
        self.usedConnection = usedConnection
    }

    init(_ code: CURLcode, detail: String = "") {
        let text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        self.init(kind: Kind(code, detail: text), code: code.rawValue, message: text)
    }

    func with(message: String) -> TransportFailure {
        TransportFailure(kind: kind, code: code, message: message, usedConnection: usedConnection)
    }
}

extension TransportFailure {
    private static let permissionDenied = "permission denied"

    /// Why nothing came of connecting to a unix socket.
    static func unixSocket(_ path: String, errno: Int32) -> String {
        switch errno {
        case EACCES, EPERM:
            "\(permissionDenied): this user has no right to the unix socket \(path), or to its directory"
        case ENOENT: "there is no unix socket \(path)"
        default: "nobody listens on the unix socket \(path)"
        }
    }

    /// Whether the system refuses this user a unix socket.
    public var isPermissionDenied: Bool { kind == .refused && message.hasPrefix(Self.permissionDenied) }
}

extension TransportFailure: CustomStringConvertible {
    public var description: String { message }
}

extension TransportFailure.Kind {
    /// Where libcurl's number says too little, its words and OpenSSL's decide.
    init(_ code: CURLcode, detail: String) {
        switch code {
        // 7.88.1 has one code for a name that does not resolve and for want of a thread to resolve it (lib/asyn-thread.c).
        case CURLE_COULDNT_RESOLVE_HOST where detail.contains("thread failed to start"): self = .ownLack
        // And one for a URL that is not allowed and for an answer that is no HTTP (lib/http.c).
        case CURLE_UNSUPPORTED_PROTOCOL where detail.contains("HTTP/0.9") || detail.contains("Unsupported HTTP"):
            self = .notHTTP
        // CONNECT was answered with another status than 2xx (lib/http_proxy.c).
        case CURLE_RECV_ERROR where detail.contains("CONNECT tunnel failed") || detail.contains("proxy after CONNECT"):
            self = .proxy
        case CURLE_SSL_CONNECT_ERROR where Self.plainAnswers.contains(where: detail.contains): self = .noTLS
        // With TLS 1.3 the handshake has ended for us when the receiver says so: then it is an error of reading.
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            self = Self.certificateAlerts.contains(where: detail.contains) ? .clientCertificateWanted : Self(code)
        default: self = Self(code)
        }
    }

    /// What OpenSSL makes of an answer that is no TLS (ssl/record/rec_layer_s3.c, ssl3_record.c).
    private static let plainAnswers = ["wrong version number", "packet length too long", "http request"]
    /// Alerts that speak of our certificate (RFC 8446 §6.2). Not "handshake failure": it may mean the cipher as well.
    private static let certificateAlerts = [
        "alert certificate required", "alert bad certificate", "alert unknown ca", "alert certificate expired",
        "alert certificate revoked", "alert certificate unknown", "alert unsupported certificate",
    ]

    private init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST: .nameLookupFailed
            case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
            case CURLE_COULDNT_CONNECT: .refused
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
                CURLE_HTTP2_STREAM:
                .disconnected
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                CURLE_SSL_INVALIDCERTSTATUS:
                .certificate
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED: .tls
            case CURLE_WEIRD_SERVER_REPLY: .notHTTP
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
                CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN,
                // A user in the URL: CURLOPT_DISALLOW_USERNAME_IN_URL.
                CURLE_LOGIN_DENIED:
                .invalid
            case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: .ownLack
            case CURLE_ABORTED_BY_CALLBACK: .cancelled
            default: .other
            }
    }
}
