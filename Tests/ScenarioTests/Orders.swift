import Glibc
import TestSupport
import TestThreads
import Testing

/// Routes whose entries are delivered in order: each has a number, and a customer that is the number modulo so many.
@Suite(.serialized, .ownThreads) struct Orders {
    private func scene(
        _ ordering: String = "key", customers: Int, script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }
    ) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.route.webhook["body"] = "{ field: n }"
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["ordering"] = ordering
        if ordering == "key" { scene.file.route.keys["key"] = ".fields.customer" }
        scene.file.route.keys["claim_after"] = "1800ms"
        scene.file.route.keys["concurrency"] = "16"
        scene.file.route.retry(attempts: 5, every: "100ms")
        return scene
    }

    private func add(_ numbers: Range<Int>, customers: Int, to stream: String = "orders", _ scene: Scene) throws {
        for number in numbers {
            try scene.redis.add([Field("n", "\(number)"), Field("customer", "\(number % customers)")], to: stream)
        }
    }

    /// Fails one in `rarity` at its first attempt.
    private func failing(oneIn rarity: Int) -> ScriptedReceiver.Script {
        { request in
            let number = Int(request.text) ?? 0
            return request.earlier == 0 && number % rarity == 0 ? .answer(503) : .answer(200)
        }
    }

    /// Where a later one of a customer came before an earlier one had been accepted.
    private func faults(_ ledger: [ReceivedRequest], customers: Int) -> [String] {
        var accepted: [Int: Int] = [:]
        var faults: [String] = []
        for request in ledger {
            let before = accepted
            for number in request.text.split(separator: "\n").compactMap({ Int($0) }) {
                let expected = accepted[number % customers].map { $0 + customers } ?? number % customers
                if number > expected { faults.append("\(number) came, and \(expected) had not been accepted") }
                if number == expected { accepted[number % customers] = number }
            }
            if !request.action.accepts { accepted = before }
        }
        return faults
    }

    private func numbers(_ ledger: [ReceivedRequest]) -> [Int] {
        Set(ledger.acceptedBodies.flatMap { $0.split(separator: "\n").compactMap { Int($0) } }).sorted()
    }

    @Test(arguments: [1, 7, 300])
    func `entries of a key come one after another, and a retry holds its key only`(customers: Int) throws {
        let scene = try scene(customers: customers, script: failing(oneIn: 10))
        try add(0..<400, customers: customers, scene)
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        let ledger = scene.receiver.ledger
        #expect(faults(ledger, customers: customers) == [])
        #expect(numbers(ledger) == Array(0..<400))
        #expect(ledger.duplicates == 0)
        #expect(ledger.count == 440)
    }

    @Test func `under strict order all of a stream come one after another`() throws {
        let scene = try scene("strict", customers: 1, script: failing(oneIn: 20))
        try add(0..<200, customers: 3, scene)
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(faults(scene.receiver.ledger, customers: 1) == [])
        #expect(scene.receiver.ledger.count == 210)
    }

    @Test(arguments: ["key", "strict"])
    func `a key that fails lets others pass under key, and nothing under strict`(ordering: String) throws {
        let isMended = Monitor(false)
        let scene = try scene(ordering, customers: 2) { request in
            request.text == "0" && !isMended.value ? .answer(503) : .answer(200)
        }
        try add(0..<40, customers: 2, scene)
        scene.file.route.retry(attempts: 1000, every: "50ms")
        try scene.run()
        try scene.receiver.waitUntil { $0.filter { $0.text == "0" }.count >= 5 }
        let passed = numbers(scene.receiver.ledger)
        #expect(passed == (ordering == "key" ? (0..<20).map { 2 * $0 + 1 } : []))
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled()
        #expect(faults(scene.receiver.ledger, customers: ordering == "key" ? 2 : 1) == [])
        #expect(numbers(scene.receiver.ledger) == Array(0..<40))
    }

    /// A window is 64 entries here.
    @Test func `one busy customer does not stop the rest`() throws {
        let isMended = Monitor(false)
        let scene = try scene(customers: 1) { $0.text == "0" && !isMended.value ? .answer(503) : .answer(200) }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.retry(attempts: 1000, every: "50ms")
        for number in 0..<500 { try scene.redis.add([Field("n", "\(number)"), Field("customer", "busy")]) }
        for number in 500..<520 { try scene.redis.add([Field("n", "\(number)"), Field("customer", "other")]) }
        let admin = try AdminProbe(try scene.run())
        try scene.receiver.waitUntil { numbers($0).count == 20 }
        #expect(numbers(scene.receiver.ledger) == Array(500..<520))
        try eventually("all others wait") { try admin.metric("entries_blocked") == 499 }
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(scene.receiver.ledger.acceptedBodies.compactMap(Int.init).filter { $0 < 500 } == Array(0..<500))
        #expect(Set(scene.receiver.ledger.attempts.dropFirst(30).suffix(300)) == ["1"])
    }

    @Test func `a customer that fills the route goes on when its connections were lost`() throws {
        let isMended = Monitor(false)
        let scene = try scene(customers: 1) { $0.text == "0" && !isMended.value ? .answer(503) : .answer(200) }
        scene.file.route.keys["max_parked"] = "200"
        scene.file.route.retry(attempts: 1000, every: "50ms")
        try add(0..<400, customers: 1, scene)
        let bridge = try scene.run()
        try bridge.waitForLog("as many entries wait as max_parked allows")
        try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try eventually("connected again") { bridge.logs("connected to Redis").count == 2 }
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled()
        #expect(faults(scene.receiver.ledger, customers: 1) == [])
        #expect(numbers(scene.receiver.ledger) == Array(0..<400))
    }

    @Test(arguments: ["key", "strict"])
    func `what waits for another attempt comes again, however much stands behind it`(ordering: String) throws {
        let isMended = Monitor(false)
        let scene = try scene(ordering, customers: 1) { request in .answer(isMended.value ? 200 : 503) }
        scene.file.route.retry(attempts: 1000, every: "400ms")
        let bridge = try scene.run()
        try add(0..<1, customers: 1, scene)
        try scene.receiver.waitUntil { $0.count == 1 }
        // More than there is room for, all at once.
        bridge.signal(SIGSTOP)
        try add(1..<200, customers: 1, scene)
        bridge.signal(SIGCONT)
        try scene.receiver.waitUntil { $0.count == 3 }
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(faults(scene.receiver.ledger, customers: 1) == [])
        #expect(numbers(scene.receiver.ledger) == Array(0..<200))
    }

    @Test func `what has no key is delivered without order, and said once`() throws {
        let scene = try scene(customers: 1) { $0.text == "1" && $0.earlier == 0 ? .hang : .answer(200) }
        for number in 1...20 { try scene.redis.add([Field("n", "\(number)")]) }
        let bridge = try scene.run()
        try scene.receiver.waitUntil { $0.acceptedBodies.count == 19 }
        try scene.waitUntilSettled()
        #expect(bridge.logs("an entry has no key, and is delivered without order; so are others like it").count == 1)
    }

    @Test func `an entry whose key program fails is a dead letter`() throws {
        let scene = try scene(customers: 1)
        scene.file.route.keys["key"] = "'.fields.customer | tonumber'"
        try add(0..<3, customers: 1, scene)
        try scene.redis.add([Field("n", "3"), Field("customer", "x")])
        try add(4..<6, customers: 1, scene)
        try scene.run()
        try scene.waitUntilSettled()
        #expect(numbers(scene.receiver.ledger) == [0, 1, 2, 4, 5])
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.count == 1 && letters.allSatisfy { "\($0)".contains("unshapeable: key: ") })
    }

    /// Its place in the order is not known, so it is never sent, however often it is tried.
    @Test func `an entry whose key program fails is held, if that is asked for`() throws {
        let scene = try scene(customers: 1)
        scene.file.route.keys["key"] = "'.fields.customer | tonumber'"
        scene.file.route.keys["on_dead"] = "hold"
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        try scene.redis.add([Field("n", "0"), Field("customer", "x")])
        try add(1..<4, customers: 1, scene)
        let admin = try AdminProbe(try scene.run())
        try eventually("it was tried again and again") { try admin.metric("attempts_held_total") ?? 0 >= 4 }
        #expect(numbers(scene.receiver.ledger) == [1, 2, 3])
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a dead letter lets the next one go, or holds its key`() throws {
        for onDead in ["continue", "hold"] {
            let isMended = Monitor(false)
            let scene = try scene(customers: 2) { $0.text == "0" && !isMended.value ? .answer(422) : .answer(200) }
            scene.file.route.keys["on_dead"] = onDead
            try add(0..<20, customers: 2, scene)
            try scene.run()
            try scene.receiver.waitUntil { numbers($0).count >= (onDead == "hold" ? 10 : 19) }
            if onDead == "hold" {
                try scene.receiver.waitUntil { $0.filter { $0.text == "0" }.count >= 6 }
                #expect(numbers(scene.receiver.ledger) == (0..<10).map { 2 * $0 + 1 })
                isMended.withLock { $0 = true }
            }
            try scene.waitUntilSettled()
            #expect(numbers(scene.receiver.ledger) == Array((onDead == "hold" ? 0 : 1)..<20))
            #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == (onDead == "hold" ? 0 : 1))
        }
    }

    @Test func `one instance delivers, and another goes on in order when it is killed`() throws {
        let scene = try scene(customers: 5, script: failing(oneIn: 7))
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        let second = try scene.run(as: "b")
        try second.waitForLog("another instance delivers the stream; standing by")
        try add(0..<1000, customers: 5, scene)
        try scene.receiver.waitUntil { $0.acceptedBodies.count >= 50 }
        try first.crash()
        try second.waitForLog("this instance delivers the stream")
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(faults(scene.receiver.ledger, customers: 5) == [])
        #expect(numbers(scene.receiver.ledger) == Array(0..<1000))
    }

    @Test func `a stopped instance leaves the stream to another within a second`() throws {
        let scene = try scene(customers: 5)
        scene.file.route.keys["claim_after"] = "1h"
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        let second = try scene.run(as: "b")
        try second.waitForLog("another instance delivers the stream; standing by")
        try add(0..<1000, customers: 5, scene)
        try scene.receiver.waitUntil { $0.count >= 50 }
        #expect(try first.stop() == .status(0))
        try scene.waitUntilSettled(timeout: .seconds(30))
        let ledger = scene.receiver.ledger
        #expect(faults(ledger, customers: 5) == [])
        #expect(numbers(ledger) == Array(0..<1000))
        #expect(ledger.duplicates == 0)
        #expect((ledger.gaps.max() ?? .zero) < .seconds(1))
    }

    @Test func `an instance that was stopped for too long sends nothing any more`() throws {
        let scene = try scene(customers: 3)
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        let second = try scene.run(as: "b")
        try add(0..<3000, customers: 3, scene)
        try scene.receiver.waitUntil { $0.count >= 50 }
        first.signal(SIGSTOP)
        try second.waitForLog("this instance delivers the stream")
        let count = scene.receiver.ledger.count
        try scene.receiver.waitUntil { $0.count >= count + 50 }
        first.signal(SIGCONT)
        try first.waitForLog("another instance delivers the stream; standing by")
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(faults(scene.receiver.ledger, customers: 3) == [])
        #expect(numbers(scene.receiver.ledger) == Array(0..<3000))
    }

    @Test func `nothing is lost and nothing passes when the consumer that delivers is removed`() throws {
        let isMended = Monitor(false)
        let scene = try scene(customers: 5) { request in
            (Int(request.text) ?? 0) % 5 == 0 && !isMended.value ? .answer(503) : .answer(200)
        }
        scene.file.route.retry(attempts: 1000, every: "100ms")
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        let second = try scene.run(as: "b")
        try second.waitForLog("another instance delivers the stream; standing by")
        try add(0..<50, customers: 5, scene)
        try scene.receiver.waitUntil { numbers($0).count == 40 }
        // Between two signs of life of the one that has the lease the other looks for it, now and then.
        for _ in 0..<12 {
            try removeConsumer("a.1", scene)
            letPass(.milliseconds(250))
        }
        #expect(second.logs("this instance delivers the stream").isEmpty)
        isMended.withLock { $0 = true }
        // Until it is put back nothing is pending.
        try eventually("all have come", timeout: .seconds(20)) { numbers(scene.receiver.ledger) == Array(0..<50) }
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(faults(scene.receiver.ledger, customers: 5) == [])
    }

    @Test func `what an instance lost once does not make it take a removal for another's`() throws {
        let isMended = Monitor(false)
        let scene = try scene(customers: 5) { _ in isMended.value ? .answer(200) : .answer(503) }
        scene.file.route.retry(attempts: 1000, every: "100ms")
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        let second = try scene.run(as: "b")
        try add(0..<50, customers: 5, scene)
        try scene.receiver.waitUntil { $0.count >= 10 }
        first.signal(SIGSTOP)
        try second.waitForLog("this instance delivers the stream")
        first.signal(SIGCONT)
        try first.waitForLog("another instance delivers the stream; standing by")
        try eventually("it is known to it") {
            try !scene.redis.consumers("orders").contains { $0.hasPrefix("footbridge:taken:") }
        }
        try second.crash()
        try eventually("the first has it again", timeout: .seconds(20)) {
            first.logs("this instance delivers the stream").count == 2
        }
        let count = scene.receiver.ledger.count
        try scene.receiver.waitUntil { $0.count >= count + 10 }
        try removeConsumer("a.1", scene)
        try first.waitForLog("this consumer was removed from the group; what is held here goes back into it")
        isMended.withLock { $0 = true }
        // Until it is put back nothing is pending.
        try eventually("all have come", timeout: .seconds(20)) { numbers(scene.receiver.ledger) == Array(0..<50) }
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(faults(scene.receiver.ledger, customers: 5) == [])
    }

    @Test func `entries of a consumer that was removed while it was stopped are put back`() throws {
        let isMended = Monitor(false)
        let scene = try scene(customers: 50) { _ in isMended.value ? .answer(200) : .answer(503) }
        scene.file.route.retry(attempts: 1000, every: "100ms")
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        let second = try scene.run(as: "b")
        try second.waitForLog("another instance delivers the stream; standing by")
        try add(0..<20, customers: 50, scene)
        try scene.receiver.waitUntil { $0.count >= 60 }
        first.signal(SIGSTOP)
        try removeConsumer("a.1", scene)
        try second.waitForLog("this instance delivers the stream")
        isMended.withLock { $0 = true }
        first.signal(SIGCONT)
        try first.waitForLog("this consumer was removed from the group; what is held here goes back into it")
        try eventually("all have come", timeout: .seconds(20)) { numbers(scene.receiver.ledger) == Array(0..<20) }
        try scene.waitUntilSettled(timeout: .seconds(20))
    }

    private func removeConsumer(_ name: String, _ scene: Scene) throws {
        try scene.redis.command("XGROUP", "DELCONSUMER", "orders", "orders", name)
    }

    @Test func `streams are spread over the instances`() throws {
        let scene = try scene(customers: 1)
        let streams = ["s0", "s1", "s2", "s3"]
        scene.file.route.streams = streams
        func leads(_ stream: String) throws -> String? {
            try scene.redis.consumers(stream).first { $0.hasPrefix("footbridge:lease:") }.map { String($0.suffix(3)) }
        }
        func spread() throws -> [String: Int] {
            Dictionary(grouping: try streams.compactMap(leads)) { $0 }.mapValues(\.count)
        }
        _ = try scene.run(as: "a")
        try eventually("the first has all") { try spread() == ["a.1": 4] }
        let second = try scene.run(as: "b")
        try eventually("each has two") { try spread() == ["a.1": 2, "b.1": 2] }
        for stream in streams { try add(0..<50, customers: 1, to: stream, scene) }
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 200)
        try second.stop()
        try eventually("the first has all again") { try spread() == ["a.1": 4] }
    }

    /// The half of a refused batch in which they stand has entries of the held key, too.
    @Test func `what is held holds up no other key of its batch`() throws {
        let scene = try scene(customers: 1) { request in
            request.text.split(separator: "\n").contains("2") ? .answer(422) : .answer(200)
        }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["on_dead"] = "hold"
        scene.file.route.webhook["batch"] = "{ format: ndjson, max_entries: 6, max_wait: 200ms }"
        let customers = ["a", "a", "a", "a", "b", "b"]
        for (number, customer) in customers.enumerated() {
            try scene.redis.add([Field("n", "\(number)"), Field("customer", customer)])
        }
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.receiver.waitUntil { numbers($0) == [0, 1, 4, 5] }
        // Somebody has to be accepted after it was refused.
        let message = "an entry cannot be delivered, and those behind it wait: on_dead is hold"
        var next = 6
        try eventually("it is told") {
            try scene.redis.add([Field("n", "\(next)"), Field("customer", "c")])
            next += 1
            letPass(.milliseconds(50))
            return bridge.logs(message).count == 1
        }
        #expect(bridge.logs(message)[0].metadata["reason"] == "rejected: http_422")
        try scene.receiver.waitUntil { numbers($0) == [0, 1] + Array(4..<next) }
        try eventually("two are pending") { try scene.redis.pending().count == 2 }
        try eventually("one waits for its next attempt, and one for it") {
            try admin.metric("entries_parked") == 1 && admin.metric("entries_blocked") == 1
        }
    }

    @Test func `a batch per key holds entries of one key, and is full or has waited`() throws {
        let scene = try scene(customers: 4)
        scene.file.route.webhook["batch"] = "{ format: ndjson, max_entries: 10, max_wait: 4s, per: key }"
        try scene.run()
        try add(0..<87, customers: 4, scene)
        let start = ContinuousClock.now
        try scene.receiver.waitUntil { $0.count >= 8 }
        #expect(.now - start < .milliseconds(3500))
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        let batches = ledger.map { $0.text.split(separator: "\n").compactMap { Int($0) } }
        #expect(batches.allSatisfy { batch in Set(batch.map { $0 % 4 }).count == 1 })
        #expect(batches.map(\.count).sorted() == [1, 2, 2, 2] + Array(repeating: 10, count: 8))
        #expect(faults(ledger, customers: 4) == [])
        #expect(numbers(ledger) == Array(0..<87))
    }

    @Test(arguments: ["key", "strict"])
    func `batches keep the order`(ordering: String) throws {
        let customers = ordering == "key" ? 3 : 1
        let scene = try scene(ordering, customers: customers) { request in
            let numbers = request.text.split(separator: "\n").compactMap { Int($0) }
            if numbers.contains(33) { return .answer(422) }
            return request.earlier == 0 && numbers.contains { $0 % 50 == 1 } ? .answer(503) : .answer(200)
        }
        scene.file.route.webhook["batch"] = "{ format: ndjson, max_entries: 10, max_wait: 10ms }"
        scene.file.route.retry(
            attempts: 5, every: "100ms", giveUp: ordering == "strict" ? "always" : "when_others_pass")
        try add(0..<300, customers: customers, scene)
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        let ledger = scene.receiver.ledger
        #expect(faults(ledger, customers: customers).filter { !$0.contains("and 33 had not") } == [])
        #expect(numbers(ledger) == (0..<300).filter { $0 != 33 })
        #expect(ledger.contains { $0.text.split(separator: "\n").count > 5 })
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 1)
    }
}
