internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging

/// Fetches tokens from the buckets that all instances share (`rate: { scope: cluster }`), over a worker's connection for commands.
/// Without tokens nothing starts, so whatever keeps Redis from giving some only makes entries wait.
final class TokenCalls {
    private unowned let worker: WorkerContext
    private let logger: Logger
    private let script = LoadedScript(TokenScript.text)

    /// Whoever refuses once will do so for a while.
    private static let patience = Duration.seconds(1)

    init(_ worker: WorkerContext, logger: Logger) {
        self.worker = worker
        self.logger = logger
    }

    /// - Parameter demand: requests that could start.
    func fetch(for endpoint: Endpoint, _ demand: Int) {
        guard let connection = worker.commands.connection, let rate = endpoint.rate,
            let call = endpoint.tokensToFetch(demand, now: worker.loop.now)
        else { return }
        send(call, rate, for: endpoint, on: connection)
    }

    private func send(
        _ call: TokenLots.Call, _ rate: SharedRate, for endpoint: Endpoint, isWhole: Bool = false,
        on connection: RedisConnection
    ) {
        let command = TokenScript.command(
            call, rate.limit, key: rate.key ?? "", script, isWhole: isWhole, on: connection)
        connection.send(command) { [weak self] reply in
            guard let self else { return }
            switch reply {
            case .success(let value):
                guard let grant = TokenScript.grant(value) else {
                    return didFail(rate, endpoint, "the reply to the script makes no sense")
                }
                if endpoint.rateTrouble != nil {
                    endpoint.rateTrouble = nil
                    logger.notice(
                        "the shared rate gives tokens again", metadata: [LogKeys.endpoint: "\(endpoint.name)"])
                }
                rate.didGet(grant, now: worker.loop.now)
                wake(endpoint)
            case .failure(.server(let error)) where error.kind == .noScript && !isWhole && connection.isOpen:
                send(call, rate, for: endpoint, isWhole: true, on: connection)
            case .failure(.server(let error)): didFail(rate, endpoint, RedisError.server(error).words)
            case .failure:
                // The loss of the connection is told elsewhere, and its return wakes the routes.
                rate.didFail(now: worker.loop.now, for: .zero)
                wake(endpoint)
            }
        }
    }

    private func wake(_ endpoint: Endpoint) {
        if let onTokens = endpoint.onTokens { onTokens() } else { worker.wake(endpoint) }
    }

    private func didFail(_ rate: SharedRate, _ endpoint: Endpoint, _ reason: String) {
        rate.didFail(now: worker.loop.now, for: Self.patience)
        wake(endpoint)
        defer { endpoint.rateTrouble = reason }
        guard endpoint.rateTrouble != reason else { return }
        logger.error(
            "Redis gives no tokens of the shared rate: requests wait",
            metadata: [LogKeys.endpoint: "\(endpoint.name)", LogKeys.error: "\(reason)"])
    }
}
