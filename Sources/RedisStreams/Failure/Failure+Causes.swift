internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis

extension Redis.Failure {
    /// - Parameter isReadOnly: whether the command changes nothing.
    init(_ failure: CallFailure, _ command: String, isReadOnly: Bool = false) {
        switch failure {
        case .server(let error):
            self.init(
                Kind(error), command: command, serverError: error.description,
                mayHaveRun: !isReadOnly && error.mayComeLate(in: command))
        case .unsent(nil): self.init(.unreachable, command: command, reason: "it was not sent: no connection yet")
        // The server cannot be reached because it refuses us, and goes on doing so.
        case .unsent(let error?): self.init(connecting: error, command)
        case .noFreeConnection(let limit):
            self.init(
                .unreachable, command: command,
                reason:
                    "it was not sent: all \(limit) connections that blocking calls may have (`blockingConnections`) are taken"
            )
        case .lost(.closed): self.init(.closed, command: command, mayHaveRun: !isReadOnly)
        case .lost(.timedOut(let late)):
            let reason = late == command ? "" : "of \(late), sent before it"
            self.init(.timedOut, command: command, mayHaveRun: !isReadOnly, reason: reason)
        case .lost(.protocolViolation(let error)) where error.isLimit:
            self.init(.replyTooLarge, command: command, mayHaveRun: !isReadOnly, reason: error.boundToRaise)
        case .lost(let error):
            self.init(.connectionLost, command: command, mayHaveRun: !isReadOnly, reason: error.description)
        case .cancelled(let wasSent): self.init(.cancelled, command: command, mayHaveRun: wasSent && !isReadOnly)
        case .closed: self.init(.closed, command: command)
        }
    }

    /// - Parameter command: what was to be sent.
    init(connecting error: RedisError, _ command: String? = nil) {
        let kind: Kind =
            switch error {
            case .server(let error), .refused(let error, _): Kind(error)
            case .clusterNode: .clusterNode
            case .notMaster: .notMaster
            case .connection(let failure) where failure.kind == .invalid: .invalidConfiguration
            case .closed: .closed
            default: .unreachable
            }
        self.init(
            kind, command: command, serverError: error.serverError?.description,
            reason: command == nil ? error.words : "it was not sent: \(error.words)")
    }
}

extension RedisError {
    /// With the cure, as it is written for this library.
    fileprivate var words: String {
        switch self {
        case .refused(let error, let login) where error.code == "NOAUTH":
            "\(login.address) wants a password: redis://:PASSWORD@host, or `RedisConfiguration.password`"
        case .refused(let error, let login):
            "\(login.address) refuses \(login.user.map { #"the user "\#($0)""# } ?? "us"): \(error)"
        case .server(let error) where error.isAboutDatabase:
            "the server has no database of that number (`RedisConfiguration.database`, or the path of the URL): \(error)"
        default: description
        }
    }
}

extension RESPError {
    /// With the setting that says so, if there is one.
    fileprivate var boundToRaise: String {
        switch self {
        case .bulkTooLong: "\(self) (`RedisConfiguration.limits.valueBytes`)"
        case .replyTooLong: "\(self) (`RedisConfiguration.limits.replyBytes`)"
        default: description
        }
    }
}

extension ServerError {
    /// There is no database of the number that was asked for.
    fileprivate var isAboutDatabase: Bool { message.contains("DB index") }

    /// Whether a command may have done something before it ended with this: a script, in the middle of which the error came.
    /// (`EXEC` runs all or, with an error of its own, nothing.)
    fileprivate func mayComeLate(in command: String) -> Bool {
        switch command.uppercased() {
        case "EVAL", "EVALSHA", "FCALL": break
        default: return false
        }
        // Told before a script begins. <https://redis.io/docs/latest/develop/programmability/eval-intro/>
        switch code {
        case "NOSCRIPT", "LOADING", "BUSY", "MASTERDOWN", "NOAUTH", "CLUSTERDOWN", "MOVED", "ASK", "CROSSSLOT":
            return false
        default: return kind != .unknownCommand
        }
    }
}

extension Redis.Failure.Kind {
    init(_ error: ServerError) {
        switch error.kind {
        case .noGroup: self = .noGroup
        case .busyGroup: self = .groupExists
        case .wrongType: self = .wrongType
        case .configuration: self = .notAllowed
        case .transient, .unblocked: self = .transient
        case .notMaster: self = .notMaster
        case .unknownCommand: self = .unknownCommand
        case .moved, .ask, .crossSlot: self = .clusterNode
        case .other where error.message.hasPrefix("no such key") || error.message.contains("requires the key to exist"):
            self = .noStream
        case .other where error.message.contains("equal or smaller than the target stream top item"):
            self = .idTooLow
        case .other where error.isAboutDatabase: self = .invalidConfiguration
        default: self = .other
        }
    }
}
