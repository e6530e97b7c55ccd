import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct OwnLack {
    @Test func `a bridge without descriptors blames nobody, counts nothing, and says so once`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(20), 200) }
        scene.file.route.keys["concurrency"] = "100"
        scene.file.route.retry(attempts: 1, every: "10ms", giveUp: "always")
        try scene.redis.add(numbers: 0..<600)
        let words = try [
            "-c", "ulimit -n 48 && exec \"$0\" run -c \"$1\"", ChildProcess.footbridgeBinary(), scene.writeFile(),
        ]
        let bridge = try ChildProcess("/bin/sh", words)
        try scene.receiver.waitFor(count: 600, timeout: .seconds(15))
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
        let ledger = scene.receiver.ledger
        #expect(Set(ledger.acceptedBodies) == Set((0..<600).map(body)))
        #expect(ledger.count == 600)
        #expect(Set(ledger.attempts) == ["1"])
        #expect(bridge.logs("this process has run out of what a request needs; fewer are made at a time").count == 1)
        #expect(bridge.logs().filter { $0.message.hasPrefix("endpoint") } == [])
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }
}
