import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Drains {
    /// Four requests in flight that the receiver answers when the gate opens.
    private func inFlight(_ gate: Gate, entries: Int = 20, drainTimeout: String = "9s") throws -> (Scene, ChildProcess)
    {
        let scene = try Scene { _ in .answerWhenOpen(gate, 200) }
        scene.file.route.keys["concurrency"] = "4"
        scene.file.route.keys["drain_timeout"] = drainTimeout
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        try scene.redis.add(numbers: 0..<entries)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 4)
        return (scene, bridge)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `what is in flight is finished, and a restart repeats nothing`(signal: Int32) throws {
        let gate = Gate()
        let (scene, bridge) = try inFlight(gate)
        bridge.signal(signal)
        try bridge.waitForLog("stopping: finishing what is in flight")
        try eventually("what was not begun is handed back") {
            try scene.redis.pending().map(\.deliveries).sorted() == Array(repeating: 0, count: 12) + [1, 1, 1, 1]
        }
        #expect(bridge.exit == nil)
        gate.open()
        #expect(try bridge.waitForExit() == .status(0))
        #expect(scene.receiver.ledger.count == 4)
        #expect(try scene.redis.unsettled() == 16)
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 20)
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 20)
        #expect(Set(ledger.map(\.text)) == Set((0..<20).map(body)))
        #expect(Set(ledger.attempts) == ["1"])
    }

    @Test func `restarted again and again under load, it delivers each entry once`() throws {
        let scene = try Scene { request in
            request.earlier == 0 && request.text.hasSuffix("7\"}") ? .answer(503) : .answerAfter(.milliseconds(4), 200)
        }
        scene.file.route.keys["concurrency"] = "16"
        scene.file.route.retry(attempts: 10, every: "50ms")
        try scene.redis.add(numbers: 0..<500)
        for round in 1...4 {
            let bridge = try scene.run()
            try scene.receiver.waitUntil { $0.acceptedIDs.count >= 90 * round }
            #expect(try bridge.stop() == .status(0))
        }
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 550)
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 550)
        #expect(ledger.duplicates == 0)
        #expect(Set(ledger.acceptedBodies) == Set((0..<500).map(body)))
        #expect(Set(ledger.byID.values.map(\.attempts)) == [["1"], ["1", "2"]])
    }

    @Test func `an entry that may be sent but once is not given up by a restart`() throws {
        let scene = try Scene { _ in .answerAfter(.milliseconds(2), 200) }
        scene.file.route.keys["concurrency"] = "4"
        scene.file.route.retry(attempts: 1, every: "50ms")
        for round in 0..<8 {
            let bridge = try scene.run()
            // Added in small portions, so that a read is under way whenever the bridge is stopped.
            for number in 0..<20 { try scene.redis.add(numbers: [100 * round + number]) }
            let exit = try bridge.stop()
            #expect(exit == .status(0), "\(bridge.errorOutput)")
        }
        try scene.run()
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries("{orders}:dead:orders") == [])
        let expected = (0..<8).flatMap { round in (0..<20).map { body(100 * round + $0) } }
        #expect(scene.receiver.ledger.map(\.text).sorted() == expected.sorted())
        #expect(Set(scene.receiver.ledger.attempts) == ["1"])
    }

    @Test func `a hanging receiver is waited for no longer than drain_timeout`() throws {
        let gate = Gate()
        let (scene, bridge) = try inFlight(gate, entries: 4, drainTimeout: "600ms")
        let (exit, time) = try timed { try bridge.stop() }
        #expect(exit == .status(0))
        #expect(time >= .milliseconds(600))
        #expect(time < .seconds(3))
        #expect(bridge.logs("footbridge stopped").map(\.metadata) == [["pending": "4"]])
        gate.open()
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 8)
        try scene.waitUntilSettled()
        #expect(ledger.suffix(4).map { $0["webhook-attempt"] } == ["2", "2", "2", "2"])
    }

    @Test(arguments: ["stopped", "hung"])
    func `a Redis that is away does not keep a bridge from stopping`(fault: String) throws {
        let gate = Gate()
        let (scene, bridge) = try inFlight(gate, entries: 4, drainTimeout: "600ms")
        if fault == "hung" { scene.server.pause() } else { try scene.server.kill() }
        gate.open()
        let (exit, time) = try timed { try bridge.stop() }
        #expect(exit == .status(0))
        #expect(time < .seconds(3))
    }

    @Test func `a second signal ends a bridge at once`() throws {
        let (scene, bridge) = try inFlight(Gate(), entries: 4, drainTimeout: "9s")
        bridge.signal(SIGTERM)
        try bridge.waitForLog("stopping: finishing what is in flight")
        // Those of the first half second are echoes of the first one.
        let (_, time) = try timed {
            try eventually("the end") {
                bridge.signal(SIGTERM)
                return bridge.exit != nil
            }
        }
        #expect(try bridge.waitForExit() == .status(1))
        #expect(bridge.logs().filter { $0.message.hasPrefix("second signal") }.count == 1)
        #expect((.milliseconds(300) ..< .seconds(2)).contains(time))
        #expect(try scene.redis.pending().count == 4)
    }

    /// The master of a new one, and the path of its other end. TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)) do what unlockpt(3)
    /// and ptsname(3) do, which Swift's Glibc module leaves out.
    private func pseudoterminal() throws -> (master: Int32, path: String) {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, Int32) = (0, -1)
        try #require(master >= 0 && ioctl(master, 0x4004_5431, &lock) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        return (master, "/dev/pts/\(number)")
    }

    @Test func `SIGHUP ends nothing on a terminal, either`() throws {
        let scene = try Scene()
        let (terminal, name) = try pseudoterminal()
        defer { close(terminal) }
        let words = try [
            "-c", "exec \"$0\" run -c \"$1\" 2>\"$2\"", ChildProcess.footbridgeBinary(), scene.writeFile(), name,
        ]
        let bridge = try ChildProcess("/bin/sh", words)
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitFor(count: 1)
        bridge.signal(SIGHUP)
        try scene.redis.add(numbers: [2])
        try scene.receiver.waitFor(count: 2)
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `SIGHUP ends nothing where there is no terminal`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        bridge.signal(SIGHUP)
        try bridge.waitForLog("the configuration was read again")
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitFor(count: 1)
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
    }
}
