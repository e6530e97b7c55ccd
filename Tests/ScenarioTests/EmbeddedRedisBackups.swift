import Foundation
import Glibc
import Synchronization
import TestSupport
import TestThreads
import Testing

/// Backups, restoring and other versions of redis-server, by the commands of docs/operations.md.
@Suite(.serialized, .ownThreads) struct EmbeddedRedisBackups {
    private let directory: TemporaryDirectory
    private let isUp = Gate()
    private let receiver: ScriptedReceiver
    private let config: String

    init() throws {
        directory = try TemporaryDirectory()
        let isUp = isUp
        receiver = try ScriptedReceiver { _ in isUp.wait(timeout: .zero) ? .answer(200) : .answer(503) }
        var file = BridgeFile()
        file.redis = "embedded"
        file.route.url = receiver.url
        config = try directory.write(file.text, to: "bridge.yaml")
    }

    private func run(_ state: String, server: ServerChoice = .redis) throws -> ChildProcess {
        let program = try server == .redis ? "" : server.program()
        let bridge = try ChildProcess.footbridge(
            ["run", "-c", config, "--state", state], environment: ["FOOTBRIDGE_REDIS_SERVER": program])
        try bridge.waitForLog("footbridge runs", timeout: .seconds(30))
        return bridge
    }

    private func probe(_ state: String) throws -> RedisProbe { try RedisProbe(unixSocket: "\(state)/redis/redis.sock") }

    private func backUp(_ state: String, to copy: String) throws {
        let block = try ShellBlock.text("docs/operations.md", with: "auto-aof-rewrite-percentage 0")
        let result = try ShellBlock.run(block, ["state": state, "copy": copy])
        #expect(result.exit == .status(0) && result.error == "", "\(result)")
        for file in try FileManager.default.subpathsOfDirectory(atPath: copy) {
            var status = stat()
            #expect(stat("\(copy)/\(file)", &status) == 0 && status.st_mode & 0o077 == 0, "others can read \(file)")
        }
    }

    private func restore(_ copy: String, to state: String) throws {
        let result = try ShellBlock.run(
            ShellBlock.text("docs/operations.md", with: "systemctl start footbridge"), ["state": state, "copy": copy])
        #expect(result.exit == .status(0) && result.error == "", "\(result)")
    }

    @Test func `a backup that is taken while entries flow is restored elsewhere, and nothing of before it is lost`()
        throws
    {
        let (state, copy, fresh) = (directory.file("state"), directory.file("copy"), directory.file("fresh"))
        let first = try run(state)
        let server = try first.embeddedServer()
        let redis = try probe(state)
        try redis.add(numbers: 0..<500)
        // Some have had attempts, all are owed.
        try receiver.waitFor(count: 20)
        // A log that consists of a snapshot and of commands, as it does in life.
        #expect(try redis.command("BGREWRITEAOF").text != nil)
        try redis.add(numbers: 500..<1000)
        // An answer may be before the write by up to two seconds, while the disk is busy: until then it is in no copy.
        try eventually("everything is written") {
            let info = try redis.command("INFO", "persistence").text ?? ""
            return ["aof_buffer_length:0\r", "aof_pending_bio_fsync:0\r", "aof_rewrite_in_progress:0\r"]
                .allSatisfy(info.contains)
        }

        let isOver = Gate()
        let added = Mutex(1000)
        let producer = try probe(state)
        let flow = Thread {
            while !isOver.wait(timeout: .zero) {
                let next = added.withLock { $0 }
                guard (try? producer.add(numbers: next..<next + 20)) != nil else { return }
                added.withLock { $0 += 20 }
            }
        }
        flow.start()
        try eventually("entries flow") { added.withLock { $0 } > 1100 }
        try backUp(state, to: copy)
        let during = added.withLock { $0 }
        try eventually("entries flow on") { added.withLock { $0 } > during + 100 }
        isOver.open()
        #expect(try redis.command("CONFIG", "GET", "auto-aof-rewrite-percentage").elements.last?.text == "100")
        // The whole machine is gone.
        try first.crash()
        server.kill()
        try FileManager.default.removeItem(atPath: state)

        try directory.makeDirectory("fresh")
        try restore(copy, to: fresh)
        isUp.open()
        let second = try run(fresh)
        let next = try second.embeddedServer()
        try eventually("settled", timeout: .seconds(60)) { try probe(fresh).unsettled() == 0 }
        let accepted = receiver.ledger.acceptedBodies
        #expect(Set((0..<1000).map(body)).subtracting(accepted).isEmpty)
        // What was added during the copy is there up to a moment, and whole.
        let later = Set(accepted).subtracting((0..<1000).map(body))
        #expect(later == Set((1000..<1000 + later.count).map(body)))
        // Attempts were counted on.
        let again = try #require(receiver.ledger.byID.values.first { $0.count > 1 })
        #expect(again.attempts == (1...again.count).map(String.init))
        #expect(try second.stop() == .status(0))
        #expect(kill(next.pid, 0) != 0)
    }

    @Test func `redis-server 8.2 goes on with the data of 7.0, and 7.0 not with those of 8.2, but with its backup`()
        throws
    {
        let (state, copy) = (directory.file("state"), directory.file("copy"))
        let old = try run(state)
        try probe(state).add(numbers: 0..<10)
        try receiver.waitFor(count: 10)
        #expect(try probe(state).command("BGREWRITEAOF").text != nil)
        try backUp(state, to: copy)
        #expect(try old.stop() == .status(0))

        let upgraded = try run(state, server: .redis8)
        let server = try upgraded.embeddedServer()
        let redis = try probe(state)
        #expect(try redis.command("INFO", "server").text?.contains("redis_version:8.") == true)
        #expect(try redis.pending().count == 10)
        try redis.add(numbers: 10..<11)
        try eventually("8.2 has compacted its log") {
            _ = try redis.command("BGREWRITEAOF")
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(state)/redis/appendonlydir")
            return files.contains {
                $0.hasSuffix(".base.rdb") && !$0.hasSuffix(".1.base.rdb") && !$0.hasSuffix(".2.base.rdb")
            }
        }
        #expect(try upgraded.stop() == .status(0))
        #expect(kill(server.pid, 0) != 0)

        let downgraded = try ChildProcess.footbridge("run", "-c", config, "--state", state)
        #expect(try downgraded.waitForExit(timeout: .seconds(40)) == .status(69))
        #expect(downgraded.errorOutput.contains("Can't handle RDB format version"))
        // As documented, nothing is lost by the attempt.
        let again = try run(state, server: .redis8)
        #expect(try probe(state).pending().count == 11)
        #expect(try again.stop() == .status(0))
        // Or back to the backup of before.
        try restore(copy, to: state)
        isUp.open()
        let restored = try run(state)
        let last = try restored.embeddedServer()
        try receiver.waitUntil { Set($0.acceptedBodies) == Set((0..<10).map(body)) }
        #expect(try restored.stop() == .status(0))
        #expect(kill(last.pid, 0) != 0)
    }
}
