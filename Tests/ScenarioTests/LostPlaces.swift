import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

/// What others do to a group, or to its consumers, while an instance holds entries of it.
@Suite(.serialized, .ownThreads) struct LostPlaces {
    /// `a` holds the first four entries, one of them under way until the gate opens; the others are unread.
    private func fullWindow(_ gate: Gate, entries: Int = 20) throws -> (Scene, ChildProcess) {
        let scene = try Scene { $0.text == body(0) ? .answerWhenOpen(gate, 200) : .answer(200) }
        // A look at the group each second.
        scene.file.route.webhook["timeout"] = "2s"
        scene.file.route.keys["claim_after"] = "4s"
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<entries)
        let bridge = try scene.run(as: "a")
        try scene.receiver.waitFor(count: 1)
        try eventually("the window is full") { try scene.redis.pending().count == 4 }
        return (scene, bridge)
    }

    private func expectEachOnce(_ scene: Scene, _ count: Int) throws {
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == Set((0..<count).map(body)) }
        try scene.waitUntilSettled()
        // The one that was under way may have been waited for in vain meanwhile.
        #expect(scene.receiver.ledger.filter { $0.text != body(0) }.duplicates == 0)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a group that another instance made at the end is put back to where the first one had read`() throws {
        let gate = Gate()
        let (scene, first) = try fullWindow(gate)
        first.signal(SIGSTOP)
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        scene.file.route.keys["start"] = "new"
        let other = try scene.run(as: "b")
        try other.waitForLog("consumer group made")
        first.signal(SIGCONT)
        try first.waitForLog("the group was made again too far ahead; put back to where it stood")
        gate.open()
        try expectEachOnce(scene, 20)
    }

    @Test func `a group that others have read on with is not put back, and what may be lost is told`() throws {
        let gate = Gate()
        let (scene, first) = try fullWindow(gate)
        first.signal(SIGSTOP)
        #expect(try scene.redis.command("XGROUP", "DESTROY", "orders", "orders") == 1)
        scene.file.route.keys["start"] = "new"
        let other = try scene.run(as: "b")
        try other.waitForLog("consumer group made")
        try scene.redis.add(numbers: 20..<25)
        try scene.receiver.waitUntil { Set($0.acceptedBodies).isSuperset(of: (20..<25).map(body)) }
        first.signal(SIGCONT)
        try first.waitForLog("the group was made again too far ahead, and others have read on")
        gate.open()
        let expected = Set((Array(0..<4) + Array(20..<25)).map(body))
        try scene.receiver.waitUntil { Set($0.acceptedBodies).isSuperset(of: expected) }
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.duplicates == 0)
    }

    @Test(arguments: [true, false])
    func `a stream that comes into being after the start is read from its first entry`(isOfAnotherType: Bool) throws {
        let scene = try Scene()
        scene.file.route.keys["start"] = "new"
        if isOfAnotherType { try scene.redis.command("SET", "orders", "text") }
        let bridge = try scene.run()
        try bridge.waitForLog(isOfAnotherType ? "cannot read" : "consumer group made")
        let words = [["DEL", "orders"]] + (0..<3).map { ["XADD", "orders", "*", "n", "\($0)"] }
        _ = try scene.redis.pipeline(words.map { $0.map { Array($0.utf8) } })
        try scene.redis.add(numbers: 3..<5)
        try expectEachOnce(scene, 5)
    }

    @Test func `an instance whose consumer was removed puts back what it holds`() throws {
        let gate = Gate()
        let (scene, bridge) = try fullWindow(gate)
        #expect(try scene.redis.command("XGROUP", "DELCONSUMER", "orders", "orders", "a.1") == 4)
        try bridge.waitForLog("this consumer was removed from the group; what is held here goes back into it")
        try eventually("they are pending again") {
            try scene.redis.pending().map(\.consumer) == Array(repeating: "a.1", count: 4)
        }
        gate.open()
        try expectEachOnce(scene, 20)
    }

    /// After a silence of `claim_after` what is missing is others', if anybody has taken it: its mark tells.
    @Test func `an instance whose consumer was removed while Redis was frozen puts back what it holds`() throws {
        let gate = Gate()
        let (scene, bridge) = try fullWindow(gate)
        let (remover, removed) = (try scene.server.probe(), Monitor(""))
        scene.server.pause()
        Thread.detachNewThread {
            let reply = Result { try remover.command("XGROUP", "DELCONSUMER", "orders", "orders", "a.1") }
            removed.withLock { $0 = "\(reply)" }
        }
        letPass(.milliseconds(4500))
        scene.server.resume()
        #expect(removed.wait(timeout: .seconds(5)) { $0 != "" })
        #expect(["success(4)", "success(5)"].contains(removed.value))
        try bridge.waitForLog("this consumer was removed from the group; what is held here goes back into it")
        gate.open()
        try expectEachOnce(scene, 20)
    }

    /// They come due, and are found missing, before a look at the group shows that the consumer is gone.
    @Test func `entries that wait for their retry when their consumer is removed come back`() throws {
        let isMended = Gate()
        let scene = try Scene {
            [body(1), body(2)].contains($0.text) && !isMended.wait(timeout: .zero) ? .answer(503) : .answer(200)
        }
        scene.file.route.retry(attempts: 100, every: "300ms")
        let bridge = try scene.run()
        try bridge.waitForLog("consumer group made")
        try scene.redis.add(numbers: 1..<4)
        try scene.receiver.waitUntil { $0.acceptedBodies == [body(3)] && $0.count >= 5 }
        #expect(try scene.redis.command("XGROUP", "DELCONSUMER", "orders", "orders", "a.1") == 2)
        isMended.open()
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == Set((1..<4).map(body)) }
    }

    /// Also while what is held is being put back.
    @Test func `an instance whose consumer is removed again and again loses nothing`() throws {
        let isMended = Monitor(false)
        let sick = Set((0..<1000).map { body(2 * $0 + 1) })
        let scene = try Scene { sick.contains($0.text) && !isMended.value ? .answer(503) : .answer(200) }
        scene.file.route.retry(attempts: 1000, every: "1s")
        let bridge = try scene.run()
        try bridge.waitForLog("consumer group made")
        try scene.redis.add(numbers: 0..<2000)
        try eventually("half of them wait") { (try scene.redis.unsettled() ?? 2000) <= 1000 }
        var removals = 0
        while removals < 20 {
            let reply = try scene.redis.command("XGROUP", "DELCONSUMER", "orders", "orders", "a.1")
            if let dropped = reply.integer, dropped > 0 { removals += 1 }
            letPass(.milliseconds(20))
        }
        isMended.withLock { $0 = true }
        try scene.receiver.waitUntil { Set($0.acceptedBodies).count == 2000 }
        try scene.waitUntilSettled()
    }

    @Test func `an instance that stops when its consumer has just been removed hands over what it had`() throws {
        let isMended = Monitor(false)
        let scene = try Scene { _ in isMended.value ? .answer(200) : .answer(503) }
        scene.file.route.retry(attempts: 100, every: "10s")
        let bridge = try scene.run()
        try bridge.waitForLog("consumer group made")
        try scene.redis.add(numbers: 0..<3)
        try scene.receiver.waitUntil { $0.count >= 3 }
        try eventually("they wait") { try scene.redis.pending().count == 3 }
        #expect(try scene.redis.command("XGROUP", "DELCONSUMER", "orders", "orders", "a.1") == 3)
        #expect(try bridge.stop() == .status(0))
        #expect(try scene.redis.pending().count == 3)
        isMended.withLock { $0 = true }
        _ = try scene.run(as: "b")
        try scene.receiver.waitUntil { Set($0.acceptedBodies).count == 3 }
    }

    @Test func `a mark that a clean-up removed is written again, and a group made anew is noticed all the same`() throws
    {
        let gate = Gate()
        let (scene, bridge) = try fullWindow(gate)
        func mark() throws -> String? {
            try scene.redis.command("XINFO", "CONSUMERS", "orders", "orders").elements.compactMap { $0["name"]?.text }
                .first { $0.hasPrefix("footbridge:group:") }
        }
        let before = try #require(try mark())
        #expect(try scene.redis.command("XGROUP", "DELCONSUMER", "orders", "orders", before) == 0)
        try eventually("the mark is there again") { try mark() == before }
        #expect(bridge.logs().filter { $0.level == "error" } == [])
        let remade = [["XGROUP", "DESTROY", "orders", "orders"], ["XGROUP", "CREATE", "orders", "orders", "$"]]
        _ = try scene.redis.pipeline(remade.map { $0.map { Array($0.utf8) } })
        try bridge.waitForLog("the group was made again too far ahead; put back to where it stood")
        gate.open()
        try expectEachOnce(scene, 20)
    }

    @Test func `entries that were only read ahead are not given up after kill -9, whatever the attempts`() throws {
        let scene = try Scene { $0.earlier == 0 && $0.text == body(0) ? .hang : .answer(200) }
        scene.file.route.webhook["timeout"] = "9s"
        scene.file.route.keys["claim_after"] = "20s"
        scene.file.route.keys["concurrency"] = "1"
        scene.file.route.retry(attempts: 1, every: "50ms")
        try scene.redis.add(numbers: 0..<4)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 1)
        try eventually("all are read") { try scene.redis.pending().count == 4 }
        try bridge.crash()
        try scene.run()
        try expectEachOnce(scene, 4)
    }

    @Test func `a stream that expires again and again is told of once`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        for round in 0..<3 {
            try scene.redis.add(numbers: [round])
            try scene.receiver.waitUntil { $0.acceptedBodies.contains(body(round)) }
            try scene.waitUntilSettled()
            try scene.redis.command("PEXPIRE", "orders", "50")
            try eventually("it has expired and is made again") {
                try scene.redis.command("XLEN", "orders") == 0 && scene.redis.unsettled() == 0
            }
        }
        #expect(bridge.logs().filter { $0.level == "error" }.count <= 1)
        #expect(bridge.repetitions == [])
    }
}
