import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

/// An application produces into the embedded Redis: who can, and who cannot.
@Suite(.serialized, .ownThreads, .enabled(if: geteuid() == 0, "takes several users")) struct EmbeddedRedisSharing {
    private let scene: EmbeddedScene

    init() throws { scene = try EmbeddedScene() }

    /// A bridge whose Redis the group may use, by a socket beside the state.
    private func runForGroup() throws -> (bridge: ChildProcess, server: OtherProcess, config: String, socket: String) {
        let socket = scene.directory.file("run/redis.sock")
        let config = try scene.write(
            "bridge.yaml", redis: "{ embedded: { socket_group: \"\(EmbeddedScene.group)\", socket: \"\(socket)\" } }")
        scene.isUp.open()
        let bridge = try scene.run(config)
        return (bridge, try bridge.embeddedServer(), config, socket)
    }

    @Test func `a member of the group adds entries, and nobody else does`() throws {
        let (bridge, server, config, socket) = try runForGroup()
        #expect(bridge.logs("embedded redis started").map { $0.metadata["address"] } == ["unix://\(socket)"])

        let added = try scene.redisCLI("-s", socket, "XADD", "orders", "*", "n", "0", as: .member)
        #expect(added.exit == .status(0) && added.error == "")
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(0)] }
        let denied = try scene.redisCLI("-s", socket, "XADD", "orders", "*", "n", "1", as: .outsider)
        #expect(denied.exit == .status(1) && denied.error.contains("Permission denied"))
        // Of the state the members have nothing but the socket.
        let state = try scene.redisCLI("-s", "\(try state())/redis/redis.sock", "PING", as: .member)
        #expect(state.exit == .status(1) && state.error.contains("Permission denied"))

        // A member who may not enter the state directory finds it by the configuration, too.
        #expect(try scene.footbridge("stream", "len", "orders", "-c", config, as: .member).output == "1\n")
        let status = try scene.footbridge("status", "-c", config)
        #expect(status.output.hasSuffix("\nEmbedded Redis: unix://\(socket)\n"))

        // After a crash of the server, the next one is for the same.
        server.kill()
        try bridge.waitForLog("embedded redis died, restarting it")
        try eventually("the member is let in again") {
            try scene.redisCLI("-s", socket, "XADD", "orders", "*", "n", "2", as: .member).exit == .status(0)
        }
        let next = try bridge.embeddedServer()
        #expect(try scene.redisCLI("-s", socket, "PING", as: .outsider).exit == .status(1))
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == [body(0), body(2)] }
        #expect(try bridge.stop() == .status(0))
        #expect(kill(next.pid, 0) != 0)
    }

    private func state() throws -> String {
        let base = scene.directory.file("footbridge")
        let names = try FileManager.default.contentsOfDirectory(atPath: base)
        return "\(base)/\(try #require(names.first))"
    }

    @Test func `a group that the bridge is not in is an error with the cure, and no server stays behind`() throws {
        let socket = scene.directory.file("run/redis.sock")
        let config = try scene.write(
            "bridge.yaml", redis: "{ embedded: { socket_group: \"31009\", socket: \"\(socket)\" } }")
        let result = try scene.footbridge("run", "-c", config)
        #expect(result.exit == .status(78))
        #expect(
            result.error.hasSuffix(
                "redis.embedded.socket_group: the socket cannot be given to the group 31009: Operation not permitted; "
                    + "make the user that footbridge runs as a member (usermod -aG 31009 USER), or under systemd write "
                    + "Group=31009\n"))
        #expect(access(socket, F_OK) != 0)
    }

    @Test func `a directory that the group cannot pass is named`() throws {
        try scene.directory.makeDirectory("closed")
        let closed = scene.directory.file("closed")
        guard chown(closed, 31001, 31001) == 0, chmod(closed, 0o700) == 0 else {
            throw TestSupportError("chown: \(String(cString: strerror(errno)))")
        }
        let config = try scene.write(
            "bridge.yaml", redis: "{ embedded: { socket_mode: 0666, socket: \"\(closed)/run/redis.sock\" } }")
        let bridge = try scene.run(config)
        let server = try bridge.embeddedServer()
        #expect(
            bridge.logs("a directory above the socket of the embedded redis keeps out those who may use it")
                .map { $0.metadata["path"] } == [closed])
        #expect(try bridge.stop() == .status(0))
        #expect(kill(server.pid, 0) != 0)
    }

    /// As the units have it: `Group=` makes the group the bridge's own, and the directory is there.
    @Test func `under systemd the socket is in the unit's directory, and commands find it by the state`() throws {
        try scene.directory.makeDirectory("run")
        let run = scene.directory.file("run")
        guard chown(run, 31001, 31001) == 0, chmod(run, 0o711) == 0 else {
            throw TestSupportError("chown: \(String(cString: strerror(errno)))")
        }
        let config = try scene.write("bridge.yaml", redis: "{ embedded: { socket_group: \"31001\" } }")
        let none = try scene.footbridge("run", "-c", config)
        #expect(none.exit == .status(78) && none.error.contains("give it another place, socket: /run/shop/redis.sock"))

        scene.isUp.open()
        let bridge = try scene.run(config, environment: ["RUNTIME_DIRECTORY": run])
        let server = try bridge.embeddedServer()
        var status = stat()
        #expect(stat("\(run)/redis.sock", &status) == 0 && status.st_mode & 0o777 == 0o660 && status.st_gid == 31001)
        #expect(try scene.footbridge("send", "-c", config, "orders", "n=0").exit == .status(0))
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(0)] }
        #expect(
            try scene.footbridge("status", "-c", config).output.hasSuffix("Embedded Redis: unix://\(run)/redis.sock\n"))
        #expect(try bridge.stop() == .status(0))
        #expect(kill(server.pid, 0) != 0)
    }

    @Test func `with a password the port is open to those who know it, and no command line shows it`() throws {
        let password = "hunter 2\"\\é"
        let port = try freePort()
        try directoryWrite(password + "\n", "redis.password")
        let config = try scene.write(
            "bridge.yaml", redis: "{ embedded: { listen: 127.0.0.1:\(port), password: { file: redis.password } } }")
        scene.isUp.open()
        let first = try scene.run(config)
        let server = try first.embeddedServer()
        let stranger = try RedisProbe(port: port)
        #expect(try stranger.command("PING") == .error("NOAUTH Authentication required."))
        try RedisProbe(port: port, password: password).add(numbers: 0..<1)
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(0)] }
        for file in ["cmdline", "environ"] {
            let shown = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(server.pid)/\(file)"))
            #expect(!shown.isEmpty && shown.firstRange(of: Data("hunter".utf8)) == nil)
        }
        #expect(!first.errorOutput.contains("hunter"))
        #expect(try scene.footbridge("stream", "len", "orders", "-c", config).output == "1\n")

        // What is asked for its password is adopted like any other.
        try first.crash()
        let second = try scene.run(config)
        #expect(second.logs("embedded redis adopted").map { $0.metadata["pid"] } == ["\(server.pid)"])
        // Other settings than it has: it makes way for one that has them, with the same data.
        try second.crash()
        let open = try scene.write("bridge.yaml", redis: "{ embedded: { listen: 127.0.0.1:\(port) } }")
        let third = try scene.run(open)
        let next = try third.embeddedServer()
        #expect(next.pid != server.pid && !server.isRunning)
        #expect(try RedisProbe(port: port).command("XLEN", "orders") == .integer(1))
        #expect(try third.stop() == .status(0))
        #expect(kill(next.pid, 0) != 0)
    }

    private func directoryWrite(_ text: String, _ name: String) throws {
        let path = try scene.directory.write(text, to: name)
        guard chown(path, 31001, 31001) == 0, chmod(path, 0o600) == 0 else {
            throw TestSupportError("chown: \(String(cString: strerror(errno)))")
        }
    }

    @Test func `a port that is taken ends the bridge, and is named`() throws {
        let other = try RedisServer()
        let config = try scene.write("bridge.yaml", redis: "{ embedded: { listen: 127.0.0.1:\(other.port) } }")
        let result = try scene.footbridge("run", "-c", config)
        #expect(result.exit == .status(69))
        #expect(result.error.contains("127.0.0.1:\(other.port): bind: Address already in use"))
    }

    /// The example of docs/configuration.md, word for word but for the path.
    @Test func `redis-py produces as the documentation says`() throws {
        let (bridge, server, _, socket) = try runForGroup()
        let text = try Repository.text("docs/configuration.md")
        let example = try #require(
            text.components(separatedBy: "```python\n").dropFirst().compactMap {
                $0.components(separatedBy: "```").first
            }
            .first { $0.contains("redis.Redis.from_url") })
        let script = example.replacing("/run/footbridge/bridge/redis.sock", with: socket)
        #expect(script != example)
        let python = try ChildProcess(Repository.path(".venv/bin/python"), ["-c", script])
        #expect(try python.waitForExit() == .status(0), "\(python.errorOutput)")
        try scene.receiver.waitUntil { $0.acceptedBodies.count == 1 }
        #expect(try bridge.stop() == .status(0))
        #expect(kill(server.pid, 0) != 0)
    }
}
