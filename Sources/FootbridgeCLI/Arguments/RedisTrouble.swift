import ArgumentParser
import FootbridgeCurl
import FootbridgeRedis

/// Why Redis does not serve a command, and the exit code that says who has to act: 78 if it answers but refuses or if its
/// URL names files that are of no use, 69 if it may serve later.
struct RedisTrouble: Error {
    let text: String
    let exitCode: ExitCode

    init(_ error: RedisError, at target: RedisTarget, isEmbedded: Bool = false) {
        let place = target.place
        switch error {
        case .server(let error) where error.kind == .transient:
            (text, exitCode) = ("\(place) cannot serve now: \(error)", CommandExit.unavailable)
        case .server(let error), .refused(let error, _):
            (text, exitCode) = ("\(place) refuses: \(error)", CommandExit.configuration)
        case .clusterNode:
            (text, exitCode) = ("\(place) cannot be used: \(error)", CommandExit.configuration)
        case .notMaster:
            (text, exitCode) = ("\(place) refuses: it is a replica; name its master", CommandExit.configuration)
        case .connection(let failure) where failure.kind == .invalid || failure.kind == .certificate:
            (text, exitCode) = ("cannot reach \(place): \(failure)", CommandExit.configuration)
        case .connection(let failure) where failure.isPermissionDenied:
            let cure = isEmbedded ? "as root, or as the user that the bridge runs as" : "as a user who has it"
            (text, exitCode) = ("cannot reach \(place): \(failure); do it \(cure)", CommandExit.configuration)
        default:
            let hint = Self.hint(error, target, isEmbedded).map { "; \($0)" } ?? ""
            (text, exitCode) = ("cannot reach \(place): \(error)\(hint)", CommandExit.unavailable)
        }
    }

    /// What most likely is behind an error that says little by itself.
    private static func hint(_ error: RedisError, _ target: RedisTarget, _ isEmbedded: Bool) -> String? {
        guard case .connection(let failure) = error else { return nil }
        if isEmbedded {
            return "redis: embedded runs only while `footbridge run` does; start it, or name the same --state"
        }
        guard case .tcp = target.socket.address else { return nil }
        switch (failure.kind, target.socket.tls) {
        case (.disconnected, nil): return "if its port speaks TLS, write rediss://"
        // A server without TLS takes the greeting for the beginning of a command and waits for the rest.
        case (.timedOut, _?), (.tls, _?), (.noTLS, _?): return "if its port has no TLS, write redis://"
        // TLS 1.3: the server says only after the client's handshake that it wants a certificate.
        case (.disconnected, let tls?) where tls.certificateFile == nil:
            return "if it asks for a client certificate, add cert=FILE&key=FILE"
        default: return nil
        }
    }
}

extension RedisTarget {
    /// Where it is, for the middle of a sentence.
    var place: String { sentinel.map { "Redis, the master \($0.master)," } ?? "Redis at \(socket)" }
}

extension RedisTrouble {
    /// Tells it, and ends the command.
    var failed: ExitCode { failure(text, exitCode) }
}
