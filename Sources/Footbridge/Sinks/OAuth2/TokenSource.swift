internal import FootbridgeCurl
internal import FootbridgeWebhooks

/// The token of one route and worker: fetched when it is needed first, renewed before it expires, and once more when a
/// receiver refuses it. One request to the token server at a time. Belongs to the worker's loop.
final class TokenSource {
    typealias Waiter = (Result<AccessToken, TokenFailure>) -> Void

    private let loop: CurlLoop
    private let handle: CurlHandle
    private let body: [UInt8]
    /// For messages.
    private let host: String
    /// Token servers repeat what they were asked.
    private let mask: SecretMask
    private var token: AccessToken?
    private var isFetching = false
    private var askedAt = MonotonicTime(nanoseconds: 0)
    private var waiters: [Waiter] = []

    /// After a renewal that failed, while the token still counts.
    private static let pause = Duration.seconds(5)

    /// - Throws: if libcurl refuses the options.
    init(_ config: OAuth2Config, webhook: WebhookConfig, loop: CurlLoop) throws(TransportFailure) {
        self.loop = loop
        mask = SecretMask(webhook, urls: .masked)
        host = URLHost.of(config.tokenURL) ?? "the token server"
        var pairs: [(String, String)] = [("grant_type", "client_credentials")]
        if let scope = config.scope { pairs.append(("scope", scope)) }
        if let audience = config.audience { pairs.append(("audience", audience)) }
        body = Array(PercentCoding.pairs(pairs).utf8)
        // RFC 6749 §2.3.1: both are encoded before they are joined.
        let authorization = BasicAuthorization.value(
            user: PercentCoding.encoded(config.clientID, for: .url),
            password: PercentCoding.encoded(config.clientSecret, for: .url))
        handle = try CurlHandle(
            loop: loop,
            options: TransferOptions(
                url: config.tokenURL, timeout: webhook.timeout, connectTimeout: webhook.connectTimeout,
                keptBodyBytes: 64 * 1024,
                connection: ConnectionOptions(
                    tls: TLSOptions(authorityFile: config.authorityFile), proxy: webhook.connection.proxy,
                    addressGuard: webhook.connection.addressGuard),
                headers: [
                    "Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
                    "User-Agent: Footbridge/\(Version.current)", "Authorization: \(authorization)",
                ]))
    }

    /// The token to use now; `nil` if one has to be waited for.
    func current() -> AccessToken? {
        guard let token, token.expiresAt.map({ loop.now < $0 }) ?? true else { return nil }
        if let renewAt = token.renewAt, loop.now >= renewAt { fetch() }
        return token
    }

    /// Calls back once, later: with a token, or with what stood in the way.
    func wait(_ waiter: @escaping Waiter) {
        waiters.append(waiter)
        fetch()
    }

    /// A receiver refused this token: it is not given out again.
    func reject(_ refused: AccessToken) {
        if token?.authorization == refused.authorization { token = nil }
    }

    /// Forgets who waits.
    func cancelAll() {
        waiters = []
        handle.cancel()
        isFetching = false
    }

    private func fetch() {
        guard !isFetching else { return }
        isFetching = true
        askedAt = loop.now
        var buffer = RequestBuffer()
        buffer.body = body
        do throws(TransportFailure) {
            try handle.start(buffer) { [unowned self] in finish($0) }
        } catch {
            loop.schedule(after: .zero) { [weak self] in self?.finish(.failure(error)) }
        }
    }

    private func finish(_ result: Result<TransferResponse, TransportFailure>) {
        guard isFetching else { return }
        isFetching = false
        let outcome = read(result)
        switch outcome {
        case .success(let fetched): token = fetched
        case .failure: token?.renewAt = loop.now + Self.pause
        }
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter(outcome) }
    }

    private func read(_ result: Result<TransferResponse, TransportFailure>) -> Result<AccessToken, TokenFailure> {
        switch result {
        case .failure(let failure) where failure.kind == .ownLack: return .failure(.ownLack(failure.message))
        case .failure(let failure): return .failure(.server("\(host): \(failure.message)"))
        case .success(let answer):
            do throws(AccessToken.Fault) {
                return .success(try AccessToken(status: answer.status, body: answer.bodyHead, askedAt: askedAt))
            } catch {
                return .failure(.server("\(host): \(mask.masked(error.words))"))
            }
        }
    }
}

/// Why there is no token.
enum TokenFailure: Error, Equatable {
    /// The server's host, and what is wrong with it.
    case server(String)
    case ownLack(String)

    /// What it means for an entry that waited for one: the route cannot be served, and no entry is the cause.
    var outcome: Outcome {
        switch self {
        case .server(let words): .routeRefused(.noToken(words))
        case .ownLack(let words): .ownLack(words)
        }
    }
}
