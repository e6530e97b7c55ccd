extension Redis {
    /// The failure as it is to be told: if the server refused what it is too old for, that.
    ///
    /// The server is asked for its version now, and not before each command.
    func explained(_ failure: Failure, _ need: ServerNeed?) async -> Failure {
        guard let need, let refusal = failure.serverError else { return failure }
        // Valkey 8.1.8 and Redis 7.0.15 to an option of XTRIM and XREADGROUP, and to one of XADD.
        let isClear =
            failure.kind == .unknownCommand || refusal.contains("syntax error") || refusal.contains("Invalid stream ID")
        guard isClear || failure.kind == .other else { return failure }
        let server = (try? await call(.serverIdentity)) ?? nil
        guard server != nil || isClear, let reason = need.refusal(by: server) else { return failure }
        return Failure(.unsupported, command: failure.command, serverError: failure.serverError, reason: reason)
    }
}
