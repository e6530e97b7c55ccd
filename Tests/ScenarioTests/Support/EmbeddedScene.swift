import Foundation
import Glibc
import TestSupport

/// A bridge with an embedded Redis, run by a user who is not root, and other users of the machine beside it.
///
/// The users need no entry in any file: the kernel knows numbers.
final class EmbeddedScene: Sendable {
    enum User {
        /// Whom the bridge runs as, a member of the group.
        case bridge
        /// Another member.
        case member
        /// Not a member.
        case outsider
    }

    static let group = "31002"

    let directory: TemporaryDirectory
    let receiver: ScriptedReceiver
    let isUp = Gate()

    init() throws {
        directory = try TemporaryDirectory()
        let isUp = isUp
        receiver = try ScriptedReceiver { _ in isUp.wait(timeout: .zero) ? .answer(200) : .answer(503) }
        // Everybody passes it, as /run and /var; what is below is the bridge's.
        chmod(directory.path, 0o711)
        guard chown(directory.path, 31001, 31001) == 0 else {
            throw TestSupportError("chown: \(String(cString: strerror(errno)))")
        }
    }

    /// Writes a configuration that everybody may read; gives its path.
    func write(_ name: String, redis: String) throws -> String {
        var file = BridgeFile()
        file.redis = redis
        file.route.url = receiver.url
        let path = try directory.write(file.text, to: name)
        chmod(path, 0o644)
        return path
    }

    private static func identity(_ user: User) -> [String] {
        switch user {
        case .bridge: ["--reuid=31001", "--regid=31001", "--groups=\(group)"]
        case .member: ["--reuid=31003", "--regid=31003", "--groups=\(group)"]
        case .outsider: ["--reuid=31004", "--regid=31004", "--clear-groups"]
        }
    }

    private var places: [String: String] {
        ["XDG_STATE_HOME": directory.path, "HOME": directory.path, "STATE_DIRECTORY": "", "RUNTIME_DIRECTORY": ""]
    }

    func start(_ user: User, _ words: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess(
            "setpriv", Self.identity(user) + words, environment: places.merging(environment) { $1 })
    }

    func footbridge(
        _ words: String..., as user: User = .bridge, environment: [String: String] = [:]
    ) throws -> CommandResult {
        try CommandResult(start(user, [ChildProcess.footbridgeBinary()] + words, environment: environment))
    }

    func redisCLI(_ words: String..., as user: User) throws -> CommandResult {
        try CommandResult(start(user, ["redis-cli"] + words))
    }

    /// A bridge that runs.
    func run(_ config: String, _ words: String..., environment: [String: String] = [:]) throws -> ChildProcess {
        let bridge = try start(
            .bridge, [ChildProcess.footbridgeBinary(), "run", "-c", config] + words, environment: environment)
        try bridge.waitForLog("footbridge runs", timeout: .seconds(30))
        return bridge
    }
}

extension ChildProcess {
    /// The process of the embedded server that this bridge has started or adopted last; it does not outlive its reference.
    func embeddedServer() throws -> OtherProcess {
        let lines = logs("embedded redis started") + logs("embedded redis adopted")
        guard let pid = lines.last?.metadata["pid"].flatMap({ pid_t($0) }) else {
            throw TestSupportError("the bridge names no embedded server\n\(errorOutput)")
        }
        return OtherProcess(pid)
    }
}

extension OtherProcess {
    /// One that has ended and that nobody has waited for does not run.
    var isRunning: Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ")").last.map { !$0.hasPrefix(" Z") && !$0.hasPrefix(" X") } ?? false
    }
}
