import Footbridge
import FootbridgeRESP
import FootbridgeRedis
import RedisStreams

/// What `trim` would remove now, and what keeps it from more.
extension LiveCheck {
    func retention(of stream: String, _ route: RouteConfig) async throws(RedisError) -> [Finding] {
        guard let trim = route.trim else { return [] }
        let required = config.routes.filter { $0.streams.contains(stream) }.map(\.group)
        let target = TrimTarget.keep(trim.keep)
        let asked = try await outcome { () async throws(RedisError) in
            try await client.call(.trimSettled(target, stream: stream, required: required, isDry: true))
        }
        switch asked {
        case .failure(let error) where error.message.hasPrefix("no such key"): return []
        case .failure(let error): return [Finding(.note, "trim of \(stream) is not looked at: \(error)")]
        case .success(let step):
            if let missing = step.missing {
                return [Finding(.note, "trim of \(stream): nothing goes until group \(missing) is made")]
            }
            let plan = try await SettledTrim.of(target, step, on: stream) { page async throws(RedisError) in
                (try? await outcome { () async throws(RedisError) in try await client.call(page) }.get()) ?? []
            }
            // More is held than was to be kept.
            let isHeld =
                step.isHeld && plan.isCounted
                && step.length > 2 * (step.length - step.excess(over: target)) + SettledTrim.limit
            return [
                Finding(
                    isHeld ? .warn : .ok,
                    "trim of \(stream): \(plan.size) of \(step.length) entries would go now; \(plan.reason)")
            ]
        }
    }
}
