/// What a worker makes of a failure.
extension Redis.Failure {
    /// The group, or its stream, is not there.
    var isGroupMissing: Bool { kind == .noGroup || kind == .noStream }
    var isClosed: Bool { kind == .closed }
    /// Redis answers, and says no, or cannot be asked at all: so it stays until people mend it.
    var isRefusal: Bool {
        [
            .notAllowed, .wrongType, .unknownCommand, .clusterNode, .unsupported, .replyTooLarge, .invalidConfiguration,
        ].contains(kind)
    }

    /// The same, with the stream's name.
    func about(_ stream: StreamName) -> Redis.Failure {
        Redis.Failure(
            kind, command: command.map { "\($0) of \(stream)" } ?? "\(stream)", serverError: serverError,
            mayHaveRun: mayHaveRun, reason: reason)
    }

    /// The task was cancelled, because the worker stops.
    var isCancelled: Bool { kind == .cancelled }
}

extension Redis {
    /// A call whose failure is looked at and not passed on.
    func ask<Reply>(_ command: StreamCommand<Reply>) async -> Result<Reply, Failure> {
        do {
            return .success(try await call(command))
        } catch {
            return .failure(error)
        }
    }
}
