import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct EmbeddedRedisSurvives {
    private let directory: TemporaryDirectory
    private let isUp = Gate()
    private let receiver: ScriptedReceiver
    private let config: String
    private var state: String { directory.file("state") }

    init() throws {
        directory = try TemporaryDirectory()
        let isUp = isUp
        receiver = try ScriptedReceiver { _ in isUp.wait(timeout: .zero) ? .answer(200) : .answer(503) }
        var file = BridgeFile()
        file.redis = "embedded"
        file.route.url = receiver.url
        config = try directory.write(file.text, to: "bridge.yaml")
    }

    private func run() throws -> ChildProcess {
        let bridge = try ChildProcess.footbridge("run", "-c", config, "--state", state)
        try bridge.waitForLog("footbridge runs")
        return bridge
    }

    private func probe() throws -> RedisProbe { try RedisProbe(unixSocket: "\(state)/redis/redis.sock") }

    /// The embedded server, which is out of reach of the bridge's end: the test run has to see to it.
    private func server() throws -> OtherProcess {
        let info = try probe().command("INFO", "server").text ?? ""
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("process_id:") }
        return OtherProcess(try #require(line.flatMap { pid_t($0.dropFirst("process_id:".count)) }))
    }

    @Test func `entries survive kill -9 of the bridge and of its Redis`() throws {
        let first = try run()
        let server = try server()
        let sent = try ChildProcess.footbridge("send", "-c", config, "--state", state, "orders", "n=0")
        #expect(try sent.waitForExit() == .status(0))
        try receiver.waitFor(count: 1)

        // The bridge dies: Redis goes on, takes entries, and is adopted by the next one.
        try first.crash()
        try probe().add(numbers: [1])
        let second = try run()
        #expect(second.logs("embedded redis adopted").map { $0.metadata["pid"] } == ["\(server.pid)"])
        try receiver.waitUntil { Set($0.map(\.text)) == [body(0), body(1)] }

        // Redis dies: the bridge starts another, with the same data.
        server.kill()
        try second.waitForLog("embedded redis died, restarting it")
        try second.waitForLog("embedded redis started")
        let next = try self.server()
        #expect(try next.pid != server.pid && probe().pending().count == 2)

        // Both die.
        try second.crash()
        next.kill()
        let third = try run()
        let last = try self.server()
        isUp.open()
        try receiver.waitUntil { Set($0.acceptedBodies) == [body(0), body(1)] }
        try eventually("settled") { try probe().unsettled() == 0 }
        #expect(receiver.ledger.duplicates == 0)
        let attempts = receiver.ledger.filter { $0.text == body(0) }.attempts
        #expect(attempts == (1...attempts.count).map(String.init))

        // An orderly stop ends both.
        #expect(try third.stop() == .status(0))
        #expect(kill(last.pid, 0) != 0)
    }

    @Test func `a second bridge on the same state is told that it is in use`() throws {
        let first = try run()
        let server = try server()
        let second = try ChildProcess.footbridge("run", "-c", config, "--state", state)
        #expect(try second.waitForExit() == .status(69))
        #expect(second.errorOutput.contains(state) && second.errorOutput.contains("\(first.pid)"))
        #expect(try first.stop() == .status(0))
        #expect(kill(server.pid, 0) != 0)
    }
}
