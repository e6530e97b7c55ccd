import Footbridge
import RESP
import Redis

/// Whether `wait_for_ack` gets what it asks for.
extension LiveCheck {
    /// Asked by the command itself, which changes nothing. It is about what was written so far: a replica that hangs is
    /// noticed when something was written since.
    func replicas(_ waitForAck: WaitForAck, _ user: User) async throws(RedisError) -> Finding {
        let command: RESPCommand = ["WAIT", waitForAck.replicas, Int(waitForAck.timeout / .milliseconds(1))]
        let answer = try await outcome { () async throws(RedisError) in
            try await client.call(command, deadline: waitForAck.timeout + .seconds(5))
        }
        switch answer {
        case .success(let reply): return Self.finding(reached: reply.integer ?? 0, of: waitForAck)
        case .failure(let error) where error.code == "NOPERM":
            return Finding(
                .error,
                "wait_for_ack: user \(user.name) may not call WAIT, so nothing would count as settled; "
                    + "allow it: ACL SETUSER \(Self.quoted(user.name)) +wait")
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
