internal import FootbridgeRedis
internal import Logging

/// Tells the log, once after the start, what looks wrong in Redis.
struct StartAdvice {
    let config: BridgeConfig
    let monitor: BridgeMonitor
    let logger: Logger

    /// Runs until Redis has answered.
    func run() async throws {
        let look = ServerLook(config, isRunning: true) { [monitor] command async throws(RedisError) in
            guard let answer = await monitor.call(command) else { throw .closed }
            return try answer.get()
        }
        while true {
            // The groups are made first.
            try await Task.sleep(for: .seconds(2))
            do throws(RedisError) {
                let settings = try await look.durability()
                let advice = [settings?.persistenceAdvice, settings?.evictionAdvice].compactMap(\.self)
                for one in advice + (try await look.advice()) { one.tell(logger) }
                return
            } catch {
                // Redis is away, which others tell.
                continue
            }
        }
    }
}

extension ServerAdvice {
    func tell(_ logger: Logger) {
        var metadata: Logger.Metadata = [LogKeys.reason: "\(text)"]
        if let stream { metadata[LogKeys.stream] = "\(stream)" }
        logger.log(level: isWarning ? .warning : .notice, "Redis has something to look at", metadata: metadata)
    }
}
