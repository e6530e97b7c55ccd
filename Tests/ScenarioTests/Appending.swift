import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Appending {
    private func scene(_ destination: String = "append: { stream: copy }", _ options: RedisServer.Options = .init())
        throws -> Scene
    {
        let scene = try Scene(options)
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.destination = destination
        return scene
    }

    /// What stands in a stream, as numbers.
    private func numbers(_ redis: RedisProbe, _ stream: String = "copy") throws -> [Int] {
        try redis.entries(stream).map { fields in
            try #require(fields.count == 1 ? Int(fields[0].text) : nil)
        }
    }

    // MARK: - On the bridge's server

    @Test func `killed again and again, it appends each entry once`() throws {
        let scene = try scene()
        let count = 20_000
        try scene.redis.add(numbers: 0..<count)
        for kill in 1...6 {
            let bridge = try scene.run()
            try eventually("some are appended") {
                try scene.redis.command("XLEN", "copy").integer ?? 0 >= Int64(count / 8 * kill)
            }
            try bridge.crash()
        }
        let left = try #require(try scene.redis.unsettled())
        #expect(left > 0)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(try numbers(scene.redis).sorted() == Array(0..<count))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(try scene.redis.command("EXISTS", "{copy}:footbridge:appended") == 0)
        #expect(try bridge.stop() == .status(0))
    }

    @Test(arguments: [false, true])
    func `one entry becomes several, all or none, in a stream that it names`(isElsewhere: Bool) throws {
        let other = try isElsewhere ? RedisServer() : nil
        let redis = other.map { ", redis: \"\($0.url)\"" } ?? ""
        let scene = try scene(
            #"append: { stream: 'items.\(.data.to)', entries: '[.data.items[] | { n, o: . }]'\#(redis) }"#)
        scene.file.route.keys["data_field"] = "data"
        let place = try other?.probe() ?? scene.redis
        for text in [
            #"{"to":"a","items":[{"n":0},{"n":"x"},{"n":null}]}"#, #"{"to":"b","items":[{"n":1}]}"#,
            #"{"to":"a","items":[]}"#,
            #"{"to":"c","items":[{"n":2},{"n":3}]}"#, #"{"to":"a","items":7}"#, #"{"to":["a"],"items":[]}"#,
        ] {
            try scene.redis.command("XADD", "orders", "*", "data", text)
        }
        // Nothing goes there, and so neither of the two.
        try place.command("SET", "items.c", "text")
        scene.file.route.retry(attempts: 2, every: "50ms", giveUp: "always")
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        #expect(
            try place.entries("items.a") == [
                [Field("n", "0"), Field("o", #"{"n":0}"#)], [Field("n", "x"), Field("o", #"{"n":"x"}"#)],
                [Field("o", #"{"n":null}"#)],
            ])
        #expect(try place.entries("items.b") == [[Field("n", "1"), Field("o", #"{"n":1}"#)]])
        let reasons = try scene.redis.entries("{orders}:dead:orders").compactMap {
            $0.first { $0.name == "reason" }?.text
        }
        #expect(reasons.count == 3, "\(reasons)")
        #expect(reasons.count { $0.hasPrefix("unshapeable: append.entries: ") } == 1)
        #expect(reasons.count { $0.hasPrefix("unshapeable: append.stream: ") } == 1)
        #expect(try AdminProbe(bridge).metric("entries_delivered_total") == 3)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `an entry that names what is no stream, or its own, is alone in that`() throws {
        let scene = try scene(#"append: { stream: '\(.fields.to)', fields: [n] }"#)
        try scene.redis.command("SET", "text", "no stream")
        let names = (0..<400).map { $0 == 7 ? "orders" : $0 % 5 == 3 ? "text" : "copy" }
        for (number, name) in names.enumerated() {
            try scene.redis.command("XADD", "orders", "*", "n", "\(number)", "to", name)
        }
        let bridge = try scene.run()
        let good = names.indices.filter { names[$0] == "copy" }
        try eventually("the good ones are appended") { try numbers(scene.redis).count == good.count }
        // The last ones are given up when others have passed.
        try scene.redis.command("XADD", "orders", "*", "n", "400", "to", "copy")
        try scene.waitUntilSettled()
        #expect(try numbers(scene.redis).sorted() == good + [400])
        let reasons = try scene.redis.entries("{orders}:dead:orders").compactMap {
            $0.first { $0.name == "reason" }?.text
        }
        #expect(reasons.count { $0 == "rejected: redis_wrongtype" } == 80)
        #expect(reasons.count { $0 == "unshapeable: append.stream: is the stream that the entry came from" } == 1)
        #expect(reasons.count == 81)
        #expect(bridge.logs().allSatisfy { !$0.message.contains("is down") })
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `cut off again and again, it appends each entry once, and no attempt is spent`() throws {
        let scene = try scene()
        scene.file.route.retry(attempts: 2, every: "50ms")
        let count = 20_000
        let bridge = try scene.run()
        // Each time a connection waits twice as long before it comes back.
        for portion in 0..<5 {
            try scene.redis.add(numbers: portion * count / 5..<(portion + 1) * count / 5)
            try eventually("some are appended") {
                try scene.redis.command("XLEN", "copy").integer ?? 0 >= Int64(portion * count / 5 + 100)
            }
            _ = try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        }
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(try numbers(scene.redis).sorted() == Array(0..<count))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(bridge.logs().allSatisfy { !$0.message.hasPrefix("the endpoint") })
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `an instance that takes over appends what the other had not`() throws {
        let scene = try scene()
        scene.file.route.keys["claim_after"] = "500ms"
        let first = try scene.run()
        try scene.redis.add(numbers: 0..<500)
        try eventually("it appends") { try scene.redis.command("XLEN", "copy").integer ?? 0 > 0 }
        first.signal(SIGSTOP)
        try scene.redis.add(numbers: 500..<1000)
        _ = try scene.run(as: "b")
        try scene.waitUntilSettled()
        first.signal(SIGCONT)
        try scene.redis.add(numbers: 1000..<1100)
        try scene.waitUntilSettled()
        #expect(try numbers(scene.redis).sorted() == Array(0..<1100))
    }

    @Test func `fields are chosen, named and trimmed as asked for`() throws {
        let scene = try scene("append: { stream: copy, fields: { number: n }, max_length: 10, exact: true }")
        try scene.redis.add([Field("n", "0"), Field("secret", "x")])
        try scene.redis.add([Field("secret", "x")])
        try scene.run()
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries("copy") == [[Field("number", "0")]])
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.map(\.[0]) == [Field("reason", "malformed: none of the fields to append")])
        try scene.redis.add(numbers: 1..<100)
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("XLEN", "copy") == 10)
    }

    @Test func `a server that forgets scripts is given them again, and large entries need none`() throws {
        let scene = try scene()
        try scene.run()
        try scene.redis.add(numbers: 0..<100)
        try scene.waitUntilSettled()
        for round in 1...5 {
            #expect(try scene.redis.command("SCRIPT", "FLUSH") == .simple("OK"))
            try scene.redis.add(numbers: 100 * round..<100 * (round + 1))
        }
        try scene.waitUntilSettled()
        #expect(try numbers(scene.redis).sorted() == Array(0..<600))
        let large = (0..<5000).map { Field("f\($0)", "v") }
        try scene.redis.add(large)
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries("copy").last == large)
    }

    @Test func `a target of another type holds the route until it is a stream`() throws {
        let scene = try scene()
        #expect(try scene.redis.command("SET", "copy", "text") == .simple("OK"))
        let check = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(check.exit == .status(78))
        #expect(check.output.contains("\n  error  copy is not a stream; route orders cannot append to it\n"))
        try scene.redis.add(numbers: 0..<50)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint is down")
        let told = try #require(bridge.logs().first { $0.message.hasPrefix("the endpoint is down") })
        #expect(told.metadata["endpoint"] == "stream copy")
        #expect(told.metadata["reason"]?.hasPrefix("Redis refuses: WRONGTYPE") == true)
        #expect(told.metadata["reason"]?.contains("script") == false)
        #expect(try AdminProbe(bridge).metrics()["footbridge_route_gate{route=\"orders\",state=\"held\"}"] == 1)
        #expect(try scene.redis.unsettled() == 50)
        #expect(try scene.redis.command("DEL", "copy") == 1)
        try scene.waitUntilSettled()
        #expect(try numbers(scene.redis).sorted() == Array(0..<50))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `without memory nothing is appended or lost`() throws {
        let scene = try scene()
        let bridge = try scene.run()
        try scene.redis.add(numbers: 0..<100)
        try scene.waitUntilSettled()
        // Adding takes memory, too: it is taken away when all is added, and before it is read.
        bridge.signal(SIGSTOP)
        try scene.redis.add(numbers: 100..<5000)
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "1") == .simple("OK"))
        bridge.signal(SIGCONT)
        try eventually("appending is refused") { try scene.redis.refusals("OOM") >= 30 }
        try bridge.waitForLog("the endpoint is down")
        #expect(try #require(try scene.redis.unsettled()) > 0)
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "0") == .simple("OK"))
        try scene.waitUntilSettled()
        #expect(try numbers(scene.redis).sorted() == Array(0..<5000))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `what a master took along when it died is appended at the next one`() throws {
        let scene = try scene()
        let replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1", "\(scene.server.port)"]))
        let sentinel = try Sentinel(watching: scene.server.port)
        try sentinel.waitForReplica()
        scene.file.redis = """
            { url: "redis://unused.invalid/0", sentinel: { master: mymaster, nodes: ["127.0.0.1:\(sentinel.port)"] } }
            """
        let bridge = try scene.run()
        try scene.redis.add(numbers: 0..<50)
        try scene.waitUntilSettled()
        bridge.signal(SIGSTOP)
        try scene.redis.add(numbers: 50..<300)
        #expect(try scene.redis.command("WAIT", "1", "5000") == 1)
        replica.pause()
        bridge.signal(SIGCONT)
        try scene.waitUntilSettled()
        try scene.server.kill()
        replica.resume()
        try eventually("another master", timeout: .seconds(30)) { sentinel.masterPort == replica.port }
        let redis = try replica.probe()
        try eventually("all are appended there", timeout: .seconds(40)) {
            try redis.command("XLEN", "copy").integer ?? 0 >= 300
        }
        try eventually("settled", timeout: .seconds(20)) { try redis.unsettled() == 0 }
        #expect(try numbers(redis).sorted() == Array(0..<300))
    }

    @Test func `an entry counts when replicas have it`() throws {
        let scene = try scene("append: { stream: copy }", .init(arguments: ["--repl-diskless-sync-delay", "0"]))
        let replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1", "\(scene.server.port)"]))
        try eventually("the replica is known") {
            try scene.redis.command("INFO", "replication").text?.contains("state=online") == true
        }
        #expect(try scene.redis.command("SET", "any", "thing") == .simple("OK"))
        #expect(try scene.redis.command("WAIT", "1", "5000") == 1)
        scene.file.redis = "{ url: \"\(scene.server.url)\", wait_for_ack: { replicas: 1, timeout: 200ms } }"
        scene.file.route.keys["concurrency"] = "4"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.redis.add(numbers: 0..<500)
        try eventually("all count") { try admin.metric("entries_delivered_total") == 500 }
        replica.pause()
        try scene.redis.add(numbers: 500..<600)
        try bridge.waitForLog("too few replicas confirm")
        // What was sent before the WAIT, and no more than the route may hold.
        #expect(try admin.metric("entries_delivered_total") == 500)
        #expect((1...16).contains(try scene.redis.command("XLEN", "copy").integer.map { $0 - 500 } ?? 0))
        replica.resume()
        try eventually("all count") { try admin.metric("entries_delivered_total") == 600 }
        #expect(try numbers(scene.redis).sorted() == Array(0..<600))
    }

    // MARK: - At another server

    private func away(_ other: RedisServer) throws -> Scene {
        try scene("append: { stream: copy, redis: { url: \"\(other.url)\" } }")
    }

    private let memory = "{copy}:footbridge:appended"

    @Test func `killed again and again, it appends each entry once at another server`() throws {
        let other = try RedisServer()
        let (scene, probe, count) = (try away(other), try other.probe(), 20_000)
        try scene.redis.add(numbers: 0..<count)
        for kill in 1...6 {
            let bridge = try scene.run()
            try eventually("some are appended") {
                try probe.command("XLEN", "copy").integer ?? 0 >= Int64(count / 8 * kill)
            }
            try bridge.crash()
        }
        #expect(try #require(try scene.redis.unsettled()) > 0)
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(try numbers(probe).sorted() == Array(0..<count))
        // What was settled when its process was killed nobody forgets by name.
        try eventually("it is forgotten") { try probe.command("ZCARD", memory).integer ?? 0 <= 6 * 4 * 64 }
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `killed between the two steps, it does not append again`() throws {
        let other = try RedisServer()
        let (scene, probe) = (try away(other), try other.probe())
        scene.file.route.keys["claim_after"] = "2s"
        let first = try scene.run()
        try scene.redis.add(numbers: 0..<10)
        try scene.waitUntilSettled()
        try eventually("all is forgotten") { try probe.command("EXISTS", memory) == 0 }
        // XACK is refused, so that the entries stay pending.
        #expect(try scene.redis.command("ACL", "SETUSER", "default", "-xack") == .simple("OK"))
        try scene.redis.add(numbers: 10..<60)
        try eventually("all are appended") { try probe.command("XLEN", "copy") == 60 }
        #expect(try scene.redis.pending().count == 50)
        try first.crash()
        #expect(try probe.command("ZCARD", memory) == 50)
        #expect(try scene.redis.command("ACL", "SETUSER", "default", "+xack") == .simple("OK"))
        let second = try scene.run(as: "b")
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(try AdminProbe(second).metric("append_repeats_total") == 50)
        #expect(try numbers(probe).sorted() == Array(0..<60))
        try eventually("all is forgotten") { try probe.command("EXISTS", memory) == 0 }
    }

    @Test func `the other server may be away, and come back`() throws {
        let other = try RedisServer(.init(appendOnly: true))
        let scene = try away(other)
        scene.file.route.retry(attempts: 2, every: "100ms")
        let bridge = try scene.run()
        try scene.redis.add(numbers: 0..<100)
        try scene.waitUntilSettled()
        try other.kill()
        try bridge.waitForLog("Redis is unreachable")
        try scene.redis.add(numbers: 100..<300)
        try bridge.waitForLog("the endpoint is down")
        let told = try #require(bridge.logs().first { $0.message.hasPrefix("the endpoint is down") })
        #expect(told.metadata["endpoint"] == "stream copy at 127.0.0.1:\(other.port)")
        #expect(told.metadata["reason"] == "connection refused")
        try other.restart()
        let (_, time) = try timed { try scene.waitUntilSettled(timeout: .seconds(30)) }
        // The connection is made again at most 10 s later; then nothing waits for the next probe's turn.
        #expect(time < .seconds(12))
        #expect(try numbers(other.probe()).sorted() == Array(0..<300))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(bridge.logs("connected to Redis").count == 3)
    }

    @Test func `cut off from the other server again and again, it appends each entry once`() throws {
        let other = try RedisServer()
        let (scene, probe, count) = (try away(other), try other.probe(), 10_000)
        scene.file.route.retry(attempts: 50, every: "50ms")
        try scene.run()
        for portion in 0..<5 {
            try scene.redis.add(numbers: portion * count / 5..<(portion + 1) * count / 5)
            try eventually("some are appended") {
                try probe.command("XLEN", "copy").integer ?? 0 >= Int64(portion * count / 5 + 50)
            }
            _ = try probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        }
        try scene.waitUntilSettled(timeout: .seconds(60))
        #expect(try numbers(probe).sorted() == Array(0..<count))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a server that refuses, and one that is not there, are found by check`() throws {
        let other = try RedisServer()
        let probe = try other.probe()
        let words = ["ACL", "SETUSER", "bob", "on", ">secret", "~copy", "+@all", "-xadd"]
        #expect(try probe.command(words.map { Array($0.utf8) }) == .simple("OK"))
        let url = "redis://bob:secret@127.0.0.1:\(other.port)"
        let scene = try scene("append: { stream: copy, redis: \"\(url)\" }")
        let place = "127.0.0.1:\(other.port)"
        let missing = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(missing.exit == .status(78))
        #expect(
            missing.output.contains(
                "\n  error  route orders: user bob may not XADD, EVAL, ZSCORE, ZADD, ZREM, ZREMRANGEBYSCORE at \(place); "
                    + "allow it: ACL SETUSER bob ~copy ~\(memory) +xadd +eval +zscore +zadd +zrem +zremrangebyscore\n"))
        #expect(try probe.command("ACL", "SETUSER", "bob", "~\(memory)", "+xadd") == .simple("OK"))
        let fine = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(fine.exit == .status(0))
        #expect(
            fine.output.contains(
                "\n  ok     route orders: user bob may do all that is needed at \(place)\n"
                    + "  ok     route orders appends to copy: 0 entries\n"))
        #expect(try probe.command("KEYS", "*") == [])
        try other.kill()
        let away = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(away.exit == .status(78))
        #expect(away.output.contains("\n  error  route orders: Redis at \(place) cannot be reached: "))
    }
}
