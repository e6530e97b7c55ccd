import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

/// Replays of routes of each sort, by three instances of which one is killed amid it.
@Suite(.serialized, .ownThreads) struct ReplayedRoutes {
    enum Sort: String, CaseIterable {
        case webhook, key, strict, batch, appended, appendedElsewhere

        var isOrdered: Bool { self == .key || self == .strict }
        var isAppended: Bool { self == .appended || self == .appendedElsewhere }
    }

    enum Source: String, CaseIterable { case letters, history }

    private static let customers = 7

    /// What the route has delivered of replays, in the order in which it was accepted; numbers of entries.
    private struct Ledger {
        let sort: Sort
        let scene: Scene
        let other: RedisProbe

        func delivered(by route: String = "orders") throws -> [Int] {
            if sort.isAppended {
                return try (sort == .appended ? scene.redis : other).entries("\(route)-copy").compactMap { fields in
                    fields.first { $0.name == "n" }.flatMap { Int($0.text) }
                }
            }
            return try scene.receiver.ledger.filter { $0.action.accepts && $0.path == "/\(route)" }
                .flatMap { try Self.numbers($0.body) }
        }

        static func numbers(_ body: [UInt8]) throws -> [Int] {
            let object = try JSONSerialization.jsonObject(with: Data(body))
            let entries = object as? [[String: String]] ?? (object as? [String: String]).map { [$0] } ?? []
            return entries.compactMap { $0["n"].flatMap { Int($0) } }
        }
    }

    /// Two routes that read the same stream, to receivers of their own.
    private func scene(_ sort: Sort, _ other: RedisServer) throws -> Scene {
        let scene = try Scene { request in
            // Some are tried once more; never a whole request of several entries for long.
            request.earlier == 0 && (try? Ledger.numbers(request.body).first).map { $0 % 23 == 0 } ?? false
                ? .answer(503) : .answer(200)
        }
        let usual = scene.file.route
        scene.file.routes = ["orders", "audit"].map { name in
            var route = usual
            route.name = name
            route.url = URL(string: "/\(name)", relativeTo: URL(string: usual.url))?.absoluteString ?? ""
            route.webhook["timeout"] = "900ms"
            route.keys["claim_after"] = "1800ms"
            route.keys["concurrency"] = "8"
            route.retry(attempts: 8, every: "50ms")
            switch sort {
            case .webhook: break
            case .key: (route.keys["ordering"], route.keys["key"]) = ("key", ".fields.customer")
            case .strict: route.keys["ordering"] = "strict"
            case .batch: route.webhook["batch"] = "{ max_entries: 20, max_wait: 20ms }"
            case .appended: route.destination = "append: { stream: \(name)-copy }"
            case .appendedElsewhere:
                route.destination = "append: { stream: \(name)-copy, redis: \"\(other.url)\" }"
            }
            return route
        }
        return scene
    }

    private func entry(_ number: Int) -> [Field] {
        [Field("n", "\(number)"), Field("customer", "\(number % Self.customers)")]
    }

    private func add(_ entries: [[Field]], to stream: String, _ redis: RedisProbe) throws {
        for start in stride(from: 0, to: entries.count, by: 500) {
            _ = try redis.pipeline(
                entries[start..<min(start + 500, entries.count)].map { fields in
                    ["XADD", stream, "*"].map { Array($0.utf8) } + fields.flatMap { [Array($0.name.utf8), $0.value] }
                })
        }
    }

    /// Where a later one of a lane was accepted for the first time before an earlier one.
    private func faults(_ numbers: [Int], _ sort: Sort) -> [String] {
        var next: [Int: Int] = [:]
        var faults: [String] = []
        let lanes = sort == .key ? Self.customers : 1
        for number in numbers {
            let expected = next[number % lanes] ?? number % lanes
            if number > expected { faults.append("\(number) before \(expected)") }
            if number == expected { next[number % lanes] = number + lanes }
        }
        return faults
    }

    @Test(arguments: Sort.allCases, Source.allCases)
    func `all is delivered once more, to its own route, though an instance is killed`(
        sort: Sort, source: Source
    ) throws {
        let other = try RedisServer()
        let scene = try scene(sort, other)
        let ledger = Ledger(sort: sort, scene: scene, other: try other.probe())
        let count = sort == .strict ? 400 : 4000
        if source == .history {
            try add((0..<count).map(entry), to: "orders", scene.redis)
        }
        let bridges = try ["a", "b", "c"].map { try scene.run(as: $0) }
        if source == .history {
            for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(30)) }
        } else {
            if sort.isOrdered {
                try eventually("one delivers") {
                    bridges.contains { !$0.logs("this instance delivers the stream").isEmpty }
                }
            }
            let letters = (0..<count).map { number in
                [
                    Field("reason", "rejected: http_422"), Field("route", "orders"), Field("stream", "orders"),
                    Field("id", "\(1_700_000_000_000 + number)-0"),
                ] + entry(number).map { Field("field.\($0.name)", $0.value) }
            }
            try add(letters, to: "{orders}:dead:orders", scene.redis)
        }
        let before = try ledger.delivered().count
        let others = try ledger.delivered(by: "audit").count

        let words =
            source == .letters ? ["dead", "replay", "--route", "orders"] : ["replay", "orders", "--from", "0"]
        let replay = try ChildProcess.footbridge(words + ["-c", scene.writeFile()])
        try eventually("some are delivered", timeout: .seconds(20)) {
            try ledger.delivered().count >= before + count / 8
        }
        // In order one instance has all; whichever it is, one of two kills hits it or what it took over.
        try bridges[0].crash()
        #expect(try replay.waitForExit(timeout: .seconds(20)) == .status(0))
        try eventually("some more are", timeout: .seconds(20)) { try ledger.delivered().count >= before + count / 4 }
        try bridges[1].crash()
        try eventually("all are delivered, and nothing is left", timeout: .seconds(40)) {
            try Set(ledger.delivered().dropFirst(before)).count == count
                && scene.redis.command("XLEN", "{orders}:replay:orders") == 0
        }

        let numbers = Array(try ledger.delivered().dropFirst(before))
        #expect(Set(numbers) == Set(0..<count))
        // A window of each that was killed, at most.
        let most = sort.isAppended ? 0 : sort == .batch ? 2 * 4 * 8 * 20 : 2 * 4 * 8
        #expect(numbers.count - count <= most, "\(numbers.count - count) twice")
        if sort.isOrdered { #expect(faults(numbers, sort) == []) }
        #expect(try ledger.delivered(by: "audit").count == others)
        #expect(try scene.redis.command("XLEN", "{orders}:dead:orders") == 0)
        #expect(try scene.redis.command("XLEN", "{orders}:dead:audit") == 0)
        #expect(try bridges[2].stop() == .status(0))
    }

    /// An entry is given up only when its endpoint has taken others: by who sends both.
    @Test(arguments: [Sort.key, .strict])
    func `in order, letters that fail again are dead again, whichever instance has the stream`(sort: Sort) throws {
        let other = try RedisServer()
        let scene = try Scene { request in
            ((try? Ledger.numbers(request.body)) ?? []).contains { $0 < 10 } ? .answer(422) : .answer(200)
        }
        scene.file.route = try self.scene(sort, other).file.route
        scene.file.route.url = scene.receiver.url
        scene.file.route.retry(attempts: 3, every: "50ms")
        let letters = (0..<10).map { number in
            [
                Field("reason", "exhausted: timeout"), Field("route", "orders"), Field("stream", "orders"),
                Field("id", "\(1_700_000_000_000 + number)-0"),
            ] + entry(number).map { Field("field.\($0.name)", $0.value) }
        }
        try add(letters, to: "{orders}:dead:orders", scene.redis)
        let first = try scene.run(as: "a")
        try first.waitForLog("this instance delivers the stream")
        try scene.run(as: "b").waitForLog("another instance delivers the stream; standing by")
        let result = try CommandResult(.footbridge(["dead", "replay", "-c", scene.writeFile()]))
        #expect(result.output == "replayed 10 dead letters to route orders\n")
        var number = 100
        try eventually("they are dead again", timeout: .seconds(20)) {
            try add([entry(number)], to: "orders", scene.redis)
            number += 1
            letPass(.milliseconds(50))
            return try scene.redis.entries("{orders}:dead:orders").count { $0.contains(Field("replays", "1")) } == 10
        }
        // When the one that has both leaves, the other one has both.
        #expect(try first.stop() == .status(0))
        #expect(try CommandResult(.footbridge(["dead", "replay", "-c", scene.writeFile()])).exit == .status(0))
        try eventually("once more", timeout: .seconds(20)) {
            try add([entry(number)], to: "orders", scene.redis)
            number += 1
            letPass(.milliseconds(50))
            return try scene.redis.entries("{orders}:dead:orders").count { $0.contains(Field("replays", "2")) } == 10
        }
    }

    /// It holds what others have settled and deleted since, and must not take that for lost.
    @Test func `an instance that was cut off while its replays were taken over buries nothing`() throws {
        let gate = Gate()
        let scene = try Scene { request in
            gate.wait(timeout: .zero) ? .answer(200) : .answer(503)
        }
        scene.file.route.retry(attempts: 1000, every: "1s", giveUp: "always")
        scene.file.route.keys["claim_after"] = "1800ms"
        scene.file.route.webhook["timeout"] = "900ms"
        let letters = (0..<20).map { number in
            [
                Field("reason", "exhausted: timeout"), Field("route", "orders"), Field("stream", "orders"),
                Field("id", "\(1_700_000_000_000 + number)-0"), Field("field.n", "\(number)"),
            ]
        }
        try add(letters, to: "{orders}:dead:orders", scene.redis)
        let first = try scene.run(as: "a")
        #expect(try CommandResult(.footbridge(["dead", "replay", "-c", scene.writeFile()])).exit == .status(0))
        try eventually("all wait there") { try scene.redis.pending("{orders}:replay:orders").count == 20 }
        try scene.receiver.waitFor(count: 20)
        first.signal(SIGSTOP)
        _ = try scene.run(as: "b")
        gate.open()
        try eventually("the other one delivers all", timeout: .seconds(20)) {
            try scene.receiver.ledger.count { $0.action.accepts } >= 20
                && scene.redis.command("XLEN", "{orders}:replay:orders") == 0
        }
        // Several rounds, in which the stream is empty.
        letPass(.seconds(2))
        first.signal(SIGCONT)
        try first.waitForLog("silent for too long: others have taken entries over")
        try eventually("when it knows, the stream goes", timeout: .patience) {
            try scene.redis.command("EXISTS", "{orders}:replay:orders") == 0
        }
        letPass(.milliseconds(500))
        #expect(try scene.redis.command("XLEN", "{orders}:dead:orders") == 0)
        #expect(first.logs().filter { $0.level == "error" } == [])
        #expect(scene.receiver.ledger.count { $0.action.accepts } == 20)
    }

    @Test func `a letter that fails again in a batch is dead again, and the others of it are delivered`() throws {
        let scene = try Scene { request in
            ((try? Ledger.numbers(request.body)) ?? []).contains { $0 % 10 == 0 } ? .answer(422) : .answer(200)
        }
        scene.file.route.webhook["batch"] = "{ max_entries: 20, max_wait: 20ms }"
        scene.file.route.keys["claim_after"] = "1800ms"
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.retry(attempts: 3, every: "50ms", giveUp: "always")
        let letters = (0..<200).map { number in
            [
                Field("reason", "exhausted: timeout"), Field("route", "orders"), Field("stream", "orders"),
                Field("id", "\(1_700_000_000_000 + number)-0"), Field("field.n", "\(number)"),
            ]
        }
        try add(letters, to: "{orders}:dead:orders", scene.redis)
        try scene.run()
        let result = try CommandResult(.footbridge(["dead", "replay", "-c", scene.writeFile()]))
        #expect(result.output == "replayed 200 dead letters to route orders\n")
        try eventually("all are settled", timeout: .seconds(20)) {
            try scene.redis.command("EXISTS", "{orders}:replay:orders") == 0
        }
        let accepted = try scene.receiver.ledger.filter(\.action.accepts).flatMap { try Ledger.numbers($0.body) }
        #expect(accepted.sorted() == (0..<200).filter { $0 % 10 != 0 })
        let dead = try scene.redis.entries("{orders}:dead:orders")
        #expect(dead.count == 20 && dead.allSatisfy { $0.contains(Field("replays", "1")) })
        #expect(Set(dead.compactMap { $0.last.flatMap { Int($0.text) } }) == Set((0..<200).filter { $0 % 10 == 0 }))
    }
}
