import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

/// Whose state is whose when nobody names a directory.
@Suite(.serialized, .ownThreads, .enabled(if: geteuid() == 0, "root has a state directory that is no test's"))
struct EmbeddedRedisStates {
    private let scene: EmbeddedScene

    init() throws { scene = try EmbeddedScene() }

    @Test func `two configurations run side by side, and commands find the one of theirs`() throws {
        let first = try scene.write("a.yaml", redis: "embedded")
        let second = try scene.write("b.yaml", redis: "embedded")
        let bridges = try [scene.run(first), scene.run(second)]
        let servers = try bridges.map { try $0.embeddedServer() }
        #expect(servers[0].pid != servers[1].pid)
        #expect(try scene.footbridge("send", "-c", first, "orders", "n=0").exit == .status(0))
        #expect(try scene.footbridge("stream", "len", "orders", "-c", first).output == "1\n")
        #expect(try scene.footbridge("stream", "len", "orders", "-c", second).output == "0\n")
        // The same by another working directory and a relative path.
        let relative = try scene.start(
            .bridge,
            ["/bin/sh", "-c", #"cd "$0" && exec "$1" stream len orders"#, scene.directory.path]
                + [ChildProcess.footbridgeBinary()])
        // There is no bridge.yaml here: it is the configuration that counts, not the directory.
        #expect(try relative.waitForExit() != .status(0))
        for bridge in bridges { #expect(try bridge.stop() == .status(0)) }
        for server in servers { #expect(kill(server.pid, 0) != 0) }
    }

    @Test func `what an earlier version left is delivered, and stays with the configuration that began with it`() throws
    {
        let config = try scene.write("a.yaml", redis: "embedded")
        let old = scene.directory.file("footbridge")
        // As versions without marks left it.
        let before = try scene.run(config, "--state", old)
        #expect(try scene.footbridge("send", "-c", config, "--state", old, "orders", "n=0").exit == .status(0))
        try scene.receiver.waitFor(count: 1)
        #expect(try before.stop() == .status(0))
        for name in ["configuration", "redis/redis.conf"] { #expect(unlink("\(old)/\(name)") == 0) }

        scene.isUp.open()
        let bridge = try scene.run(config)
        let server = try bridge.embeddedServer()
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(0)] }
        #expect(try String(contentsOfFile: "\(old)/configuration", encoding: .utf8).hasPrefix("\(config)\n"))
        // Another one begins with nothing, and is refused where it is told to take what is not its own.
        let other = try scene.write("b.yaml", redis: "embedded")
        let second = try scene.run(other)
        let next = try second.embeddedServer()
        #expect(try scene.footbridge("stream", "len", "orders", "-c", other).output == "0\n")
        for bridge in [bridge, second] { #expect(try bridge.stop() == .status(0)) }
        let refused = try scene.footbridge("run", "-c", other, "--state", old)
        #expect(refused.exit == .status(78))
        #expect(
            refused.error.hasSuffix(
                "footbridge: \"\(old)\" holds the state of \(config); give this configuration a directory of its own with "
                    + "--state or redis: { embedded: { directory: … } }. If it is to go on with that state instead, remove "
                    + "\(old)/configuration\n"))
        for server in [server, next] { #expect(kill(server.pid, 0) != 0) }
    }

    @Test func `a configuration that is moved takes its entries with it`() throws {
        let config = try scene.write("a.yaml", redis: "embedded")
        let first = try scene.run(config)
        #expect(try scene.footbridge("send", "-c", config, "orders", "n=0").exit == .status(0))
        try scene.receiver.waitFor(count: 1)
        #expect(try first.stop() == .status(0))
        let moved = scene.directory.file("shop.yaml")
        #expect(rename(config, moved) == 0)
        scene.isUp.open()
        let second = try scene.run(moved)
        let server = try second.embeddedServer()
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(0)] }
        #expect(second.logs("taking over the state of a configuration that is gone").count == 1)
        #expect(try second.stop() == .status(0))
        #expect(kill(server.pid, 0) != 0)
    }

    @Test func `a configuration that is written anew elsewhere is told of the state that is left`() throws {
        let config = try scene.write("a.yaml", redis: "embedded")
        let first = try scene.run(config)
        #expect(try scene.footbridge("send", "-c", config, "orders", "n=0").exit == .status(0))
        try scene.receiver.waitFor(count: 1)
        #expect(try first.stop() == .status(0))
        // Another file, made before the old one goes: its inode is another's.
        let anew = try scene.write("b.yaml", redis: "embedded")
        #expect(unlink(config) == 0)
        let second = try scene.run(anew)
        let message =
            "beginning with an empty state, and here is one whose configuration is gone: --state goes on with it"
        let told = second.logs(message)
        #expect(told.map { $0.metadata["last"] } == [config])
        #expect(try second.stop() == .status(0))
        // The cure, once; from then on it is found without.
        let state = try #require(told.first?.metadata["path"])
        scene.isUp.open()
        let third = try scene.run(anew, "--state", state)
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(0)] }
        #expect(try third.stop() == .status(0))
    }
}
