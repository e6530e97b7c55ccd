import Glibc
import TestSupport
import TestThreads
import Testing

/// What a bridge tells the service manager that started it: sd_notify(3). The manager is a datagram socket.
@Suite(.serialized, .ownThreads) struct ServiceManager {
    private func manager() throws -> (DatagramReceiver, environment: [String: String]) {
        let address = "@fb-manager-\(getpid())-\(UInt32.random(in: 0...(.max)))"
        return (try DatagramReceiver(address), ["NOTIFY_SOCKET": address])
    }

    private func bridge(_ scene: Scene, _ environment: [String: String]) throws -> ChildProcess {
        try .footbridge(["run", "-c", scene.writeFile()], environment: environment)
    }

    @Test func `a bridge is ready when it reads, feeds the watchdog, and asks for time while it drains`() throws {
        let gate = Gate()
        let scene = try Scene { _ in .answerWhenOpen(gate, 200) }
        scene.file.workers = 2
        scene.file.route.keys["drain_timeout"] = "20s"
        let (manager, environment) = try manager()
        let bridge = try bridge(scene, environment.merging(["WATCHDOG_USEC": "1000000"]) { $1 })
        let start = try manager.datagrams { $0 == "READY=1" }
        #expect(start.contains("STATUS=delivering 1 route"))
        // It reads: both workers are in the group.
        #expect(try scene.redis.command("XINFO", "CONSUMERS", "orders", "orders").description.contains("a.2"))
        _ = try manager.datagrams { $0 == "WATCHDOG=1" }
        _ = try manager.datagrams { $0 == "WATCHDOG=1" }

        try scene.redis.add(numbers: 0..<1)
        try scene.receiver.waitFor(count: 1)
        bridge.signal(SIGTERM)
        let end = try manager.datagrams { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") }
        #expect(end.contains("STOPPING=1"))
        #expect(end.contains("STATUS=stopping, 1 entry to finish"))
        #expect(end.last == "EXTEND_TIMEOUT_USEC=25000000")
        // Again, as long as it takes.
        _ = try manager.datagrams { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") }
        gate.open()
        #expect(try bridge.waitForExit() == .status(0))
    }

    @Test func `the watchdog of another process is not fed`() throws {
        let scene = try Scene()
        let (manager, environment) = try manager()
        let other = ["WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"]
        let bridge = try bridge(scene, environment.merging(other) { $1 })
        _ = try manager.datagrams { $0 == "READY=1" }
        #expect(manager.next(within: .seconds(1)) != "WATCHDOG=1")
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `while Redis hangs a bridge is not ready, and says what it waits for`() throws {
        let scene = try Scene()
        scene.server.pause()
        let (manager, environment) = try manager()
        let bridge = try bridge(scene, environment)
        #expect(manager.next() == "STATUS=waiting for Redis")
        #expect(manager.next(within: .seconds(2)) == nil)
        scene.server.resume()
        #expect(try manager.datagrams { $0 == "READY=1" }.contains("STATUS=delivering 1 route"))
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `who waits for a bridge without Redis is let go, and the status goes on telling`() throws {
        let scene = try Scene()
        try scene.server.kill()
        let (manager, environment) = try manager()
        let bridge = try bridge(scene, environment)
        let (start, duration) = try timed { try manager.datagrams { $0 == "READY=1" } }
        #expect(start == ["STATUS=waiting for Redis", "READY=1"])
        #expect(duration > .seconds(8))
        try scene.server.restart()
        _ = try manager.datagrams { $0 == "STATUS=delivering 1 route" }
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `an endpoint that is down is in the status, and leaves it when it is back`() throws {
        let gate = Gate()
        let scene = try Scene { _ in gate.isOpen ? .answer(200) : .answer(401) }
        scene.file.route.retry(attempts: 20, every: "200ms")
        try scene.redis.add(numbers: 0..<10)
        let (manager, environment) = try manager()
        let bridge = try bridge(scene, environment)
        _ = try manager.datagrams { $0 == "STATUS=delivering 1 route, 1 endpoint down" }
        gate.open()
        _ = try manager.datagrams { $0 == "STATUS=delivering 1 route" }
        #expect(try bridge.stop() == .status(0))
    }
}
