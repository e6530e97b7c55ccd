import Footbridge
import FootbridgeRESP
import FootbridgeRedis

/// Whether `wait_for_ack` gets what it asks for.
extension LiveCheck {
    /// Asked as the bridge asks, which changes nothing.
    func replicas(_ waitForAck: WaitForAck, _ user: User) async throws(RedisError) -> Finding {
        let (write, wait) = waitForAck.commands
        let answer = try await outcome { () async throws(RedisError) in
            _ = try await client.call(write)
            return try await client.call(wait, deadline: waitForAck.timeout + .seconds(5))
        }
        switch answer {
        case .success(let reply): return Self.finding(reached: reply.integer ?? 0, of: waitForAck)
        case .failure(let error) where error.code == "NOPERM":
            return Finding(
                .error,
                "wait_for_ack: user \(user.name) may not wait, so nothing would count as settled; "
                    + "allow it: ACL SETUSER \(Self.quoted(user.name)) +wait +publish &\(WaitForAck.channel)")
        case .failure(let error):
            return Finding(.error, "wait_for_ack: Redis does not wait, so nothing would count as settled: \(error)")
        }
    }

    static func finding(reached: Int64, of waitForAck: WaitForAck) -> Finding {
        let (needed, text) = (waitForAck.replicas, "wait_for_ack: \(reached) of \(waitForAck.replicas)")
        guard reached < needed else {
            return Finding(.ok, "\(text) \(needed == 1 ? "replica confirms" : "replicas confirm")")
        }
        return Finding(.warn, "\(text) replicas confirm in time: routes stop reading until they do")
    }
}
