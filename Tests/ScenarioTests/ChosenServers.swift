import Foundation
import TestSupport
import TestThreads
import Testing

/// Which Redis the tools take, and what they say of it.
@Suite(.serialized, .ownThreads) struct ChosenServers {
    private let scene: ShellScene
    private let directory: TemporaryDirectory

    init() throws {
        scene = try ShellScene()
        directory = try TemporaryDirectory()
        try scene.add("s", "5-0")
    }

    /// Runs a command in the directory.
    private func run(_ words: String..., url: String) throws -> CommandResult {
        let child = try ChildProcess(
            "/bin/sh", ["-c", #"cd "$0" && exec "$@""#, directory.path, ChildProcess.footbridgeBinary()] + words,
            environment: ["REDIS_URL": url])
        return try CommandResult(child)
    }

    private func write(_ url: String) throws {
        _ = try directory.write(
            "redis: { url: \"\(url)\" }\nroutes: { o: { stream: s, webhook: { url: \"https://example.com/\" } } }\n",
            to: "bridge.yaml")
    }

    @Test func `a configuration that was found is before REDIS_URL, which is said if they differ`() throws {
        let other = "redis://:hunter2@127.0.0.1:1/0"
        try write(scene.server.url)
        let place = "127.0.0.1:\(scene.server.port)/0"
        func told(_ rest: String) -> String {
            "footbridge: taking the Redis of bridge.yaml, \(place), not that of $REDIS_URL\(rest); choose with -c or --redis\n"
        }
        #expect(
            try run("stream", "len", "s", url: other)
                == CommandResult(0, output: "1\n", error: told(", 127.0.0.1:1/0")))
        #expect(try run("stream", "len", "s", url: "nonsense") == CommandResult(0, output: "1\n", error: told("")))
        let elsewhere = try run("send", "s", "n=2", url: "redis://\(place.dropLast())3")
        #expect(elsewhere.exit == .status(0) && elsewhere.error == told(", \(place.dropLast())3"))
        #expect(try run("stream", "len", "s", url: scene.server.url) == CommandResult(0, output: "2\n"))
        // What is said on the command line needs no words.
        #expect(try run("stream", "len", "s", "-c", "bridge.yaml", url: other) == CommandResult(0, output: "2\n"))
        #expect(
            try run("stream", "len", "s", "--redis", scene.server.url, url: other) == CommandResult(0, output: "2\n"))
    }

    @Test func `one that is wrong ends the command, and says how to go by REDIS_URL`() throws {
        _ = try directory.write("redis: 3\n", to: "bridge.yaml")
        let result = try run("stream", "len", "s", url: scene.server.url)
        #expect(result.exit == .status(78))
        #expect(
            result.error.hasPrefix("bridge.yaml:1:8: redis: ")
                && result.error.hasSuffix(
                    "footbridge: $REDIS_URL does not count beside bridge.yaml; --redis \"$REDIS_URL\" goes by it\n")
        )
    }

    /// Root may connect to anything, and becomes somebody else for it.
    private func runWithoutRights(_ words: [String]) throws -> CommandResult {
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let line = (getuid() == 0 ? nobody : []) + [try ChildProcess.footbridgeBinary()] + words
        return try CommandResult(ChildProcess(line[0], Array(line.dropFirst())))
    }

    private func allow(_ permissions: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    }

    private func denied(_ socket: String, _ cure: String) -> CommandResult {
        CommandResult(
            78,
            error: "footbridge: cannot reach Redis at \(socket): permission denied: this user has no right to the unix "
                + "socket \(socket), or to its directory; do it as \(cure)\n")
    }

    @Test func `a unix socket that this user may not have is called that`() throws {
        let socket = scene.server.unixSocket
        try allow(0o755, URL(fileURLWithPath: socket).deletingLastPathComponent().path)
        try allow(0, socket)
        #expect(
            try runWithoutRights(["stream", "len", "s", "--redis", "unix://\(socket)"])
                == denied(socket, "a user who has it"))
    }

    @Test func `the embedded server of another user is not said to be away`() throws {
        let file = try directory.write(
            "redis: embedded\nroutes: { o: { stream: s, webhook: { url: \"https://example.com/\" } } }\n", to: "b.yaml")
        let state = directory.file("state")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
        try allow(0o755, directory.path)
        try allow(0, state)
        defer { try? allow(0o700, state) }
        #expect(
            try runWithoutRights(["stream", "len", "s", "-c", file, "--state", state])
                == denied("\(state)/redis/redis.sock", "root, or as the user that the bridge runs as"))
    }
}
