import TestSupport
import TestThreads
import Testing

/// An endpoint that takes nothing gets one entry at a time, and loses none.
@Suite(.serialized, .ownThreads) struct DownEndpoints {
    private let gone =
        "the endpoint is gone (410): its entries are kept; one at a time is sent as a probe, ever more rarely"
    private let refusing = "the endpoint refuses everything: its entries are kept; one at a time is sent as a probe"
    private let down = "the endpoint is down: its entries are kept; one at a time is sent as a probe"

    /// One route for each status, all in one bridge.
    private static let statuses = [302, 400, 401, 402, 403, 404, 410, 415, 421, 422, 426, 500, 501]

    @Test func `whatever refuses everything gets one request a probe, buries nothing, and goes on when it is mended`()
        throws
    {
        let count = 45
        let isMended = Gate()
        let scene = try Scene { request in
            guard !isMended.wait(timeout: .zero), let word = request.path.split(separator: "/").dropFirst().first,
                let status = Int(word)
            else { return .answer(200) }
            return .answer(
                status, headers: ["Location": "/elsewhere"], body: "The plain HTTP request was sent to HTTPS port")
        }
        scene.file.routes = Self.statuses.map { status in
            var route = BridgeFile.Route(
                name: "r\(status)", streams: ["s\(status)"], url: "\(scene.receiver.url)/\(status)/secret?key=secret")
            route.keys["concurrency"] = "4"
            route.retry(attempts: 2, every: "2s")
            return route
        }
        for status in Self.statuses { try scene.redis.add(numbers: 0..<count, to: "s\(status)") }
        let bridge = try scene.run()
        try eventually("all are down") {
            bridge.logs(down).count + bridge.logs(refusing).count + bridge.logs(gone).count == Self.statuses.count
        }
        #expect(bridge.logs(down).map { $0.metadata["route"] } == ["r500"])
        #expect(bridge.logs(gone).map { $0.metadata["route"] } == ["r410"])
        // The first probe comes a second later, the next after about two more.
        let before = requests(scene.receiver.ledger).mapValues(\.count)
        try scene.receiver.waitUntil { ledger in
            let now = requests(ledger)
            return Self.statuses.allSatisfy {
                now[$0, default: []].count >= before[$0, default: 0] + ($0 == 410 ? 1 : 2)
            }
        }
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
        let refused = requests(scene.receiver.ledger)
        isMended.open()
        for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(20)) }

        for (status, requests) in requests(scene.receiver.ledger) {
            let refusals = refused[status, default: []]
            // A run of 5 refused entries, each once more on a fresh connection, or 30 outages; what was in flight; two probes.
            #expect(refusals.count <= (status == 500 ? 30 + 3 : 2 * (5 + 3)) + 3, "\(status)")
            let probes = refusals.suffix(status == 410 ? 1 : 2)
            #expect(Set(probes.map(\.id)).count == probes.count, "\(status): each probe is another entry")
            #expect(Array(probes).gaps.allSatisfy { $0 >= .milliseconds(700) }, "\(status)")
            #expect(Set(requests.acceptedBodies) == Set((0..<count).map(body)), "\(status)")
            #expect(requests.duplicates == 0, "\(status)")
            let times = requests.filter(\.action.accepts).map(\.time)
            #expect(times[count - 1] - times[0] < .seconds(5), "\(status)")
            for one in requests.byID.values { #expect(one.attempts == (1...one.count).map(String.init)) }
        }
        #expect(!scene.receiver.ledger.contains { $0.path.contains("elsewhere") })
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
        #expect(bridge.logs(refusing).first { $0.metadata["route"] == "r404" }?.level == "error")
        #expect(
            bridge.logs(refusing).first { $0.metadata["route"] == "r404" }?.metadata["reason"]
                == "the receiver refuses this route (404)")
        #expect(
            bridge.logs(refusing).first { $0.metadata["route"] == "r400" }?.metadata["cause"]
                == "the port speaks TLS: write https:// in the URL")
        #expect(bridge.logs("the endpoint accepts requests again").count == Self.statuses.count)
        #expect(!bridge.errorOutput.contains("secret"))
    }

    private func requests(_ ledger: [ReceivedRequest]) -> [Int: [ReceivedRequest]] {
        Dictionary(grouping: ledger) { Int($0.path.split(separator: "/").dropFirst().first ?? "") ?? 0 }
    }

    @Test func `what stands before TLS is told in its words, and nothing is lost until the URL is right`() throws {
        let scene = try Scene()
        let certificates = try TLSCertificates(in: scene.directory)
        let untrusted = try TLSServer(.http, certificates)
        let plain = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        let urls = [
            "untrusted": "https://127.0.0.1:\(untrusted.port)/", "plain": "https://127.0.0.1:\(plain.port)/",
        ]
        let reasons = [
            "untrusted": "the receiver's certificate is not trusted", "plain": "the port does not speak TLS",
        ]
        scene.file.routes = urls.map { name, url in
            var route = BridgeFile.Route(name: name, streams: [name], url: url)
            route.keys["concurrency"] = "1"
            route.retry(attempts: 1, every: "10ms")
            return route
        }
        for name in urls.keys { try scene.redis.add(numbers: 0..<20, to: name) }
        let bridge = try scene.run()
        try eventually("both are down") { bridge.logs(down).count == 2 }
        for (name, reason) in reasons {
            #expect(bridge.logs(down).first { $0.metadata["route"] == name }?.metadata["reason"] == reason)
        }
        // One is enough; the first probe comes a second later.
        #expect(plain.connections == 1)
        letPass(.milliseconds(1500))
        #expect(plain.connections == 2)
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
        #expect(try bridge.stop() == .status(0))

        for index in scene.file.routes.indices {
            scene.file.routes[index].url = "\(scene.receiver.url)/\(scene.file.routes[index].name)"
        }
        try scene.run()
        try scene.receiver.waitFor(count: 40)
        for route in scene.file.routes { try scene.waitUntilSettled(route) }
        #expect(scene.receiver.ledger.duplicates == 0)
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
    }

    @Test(arguments: [true, false])
    func `a restart while nothing is taken buries nothing`(isKilled: Bool) throws {
        let isMended = Gate()
        let scene = try Scene { _ in isMended.wait(timeout: .zero) ? .answer(200) : .answer(404) }
        scene.file.route.retry(attempts: 2, every: "50ms")
        try scene.redis.add(numbers: 0..<3)
        let bridge = try scene.run()
        // Each more often than it may be refused by an endpoint that takes others.
        try scene.receiver.waitUntil { $0.count >= 12 && $0.byID.values.allSatisfy { $0.count > 3 } }
        if isKilled { try bridge.crash() } else { #expect(try bridge.stop() == .status(0)) }
        isMended.open()
        // They are accepted before the old ones are due.
        try scene.redis.add(numbers: 3..<20)
        try scene.run()
        try scene.waitUntilSettled()
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<20).map(body)))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `after 410 a restart goes on at once`() throws {
        let isBack = Gate()
        let scene = try Scene { _ in isBack.wait(timeout: .zero) ? .answer(200) : .answer(410) }
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<8)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint is gone (410)")
        isBack.open()
        #expect(try bridge.stop() == .status(0))
        // A run of five different entries.
        #expect(scene.receiver.ledger.map(\.text) == (0..<5).map(body))
        #expect(bridge.logs().filter { $0.message.contains("410") }.count == 1)
        #expect(try scene.redis.unsettled() == 8)
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 13, timeout: .seconds(2))
        try scene.waitUntilSettled()
        #expect(Set(ledger.acceptedBodies) == Set((0..<8).map(body)))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `what has reached its age is dead-lettered while the endpoint is down, whichever entry is the probe`()
        throws
    {
        let isMended = Gate()
        let scene = try Scene { _ in isMended.wait(timeout: .zero) ? .answer(200) : .answer(404) }
        scene.file.route.keys["retry"] =
            "{ attempts: 4, backoff: { initial: 100ms, factor: 1, max: 100ms, jitter: 0 }, max_age: 3s }"
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint refuses everything")
        let tried = Set(scene.receiver.ledger.map(\.text))
        try eventually("those that were tried are given up", timeout: .patience) {
            try scene.redis.entries("{orders}:dead:orders").count >= tried.count
        }
        // Not one a probe: there was time for a few of those, beside the first request of each.
        #expect(scene.receiver.ledger.count < 20 + 8)
        let letters = try scene.redis.entries("{orders}:dead:orders")
        for letter in letters { #expect(letter.first == Field("reason", "expired: http_404")) }
        isMended.open()
        try scene.waitUntilSettled(timeout: .seconds(20))
        // Each entry has its one try, and what is too old has no second one.
        let accepted = Set(scene.receiver.ledger.acceptedBodies)
        #expect(accepted.isDisjoint(with: tried))
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 20 - accepted.count)
    }

    @Test func `what waits for an endpoint that is down is left alone between its probes`() throws {
        let scene = try Scene { _ in .answer(404) }
        scene.file.route.retry(attempts: 3, every: "50ms")
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint refuses everything")
        try scene.redis.command("CONFIG", "RESETSTAT")
        // What was in flight has ended; then come two probes.
        try scene.receiver.waitUntil { $0.gaps.count { $0 >= .milliseconds(700) } == 2 }
        // Those, and a sign of life or two. In a circle it would be thousands.
        #expect(try scene.redis.commandsReceived() < 300)
    }

    @Test func `entries that are given up always keep their schedule while the endpoint is down`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.retry(attempts: 3, every: "200ms", giveUp: "always")
        try scene.redis.add(numbers: 0..<200)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .patience)
        let told = "the endpoint is down; give_up: always, so its entries end after their last attempt"
        #expect(bridge.logs(told).count == 1)
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 200)
        for requests in scene.receiver.ledger.byID.values {
            #expect(requests.attempts == ["1", "2", "3"])
        }
    }

    /// Nothing more is sent that could show the opposite.
    @Test func `where nothing waits any more no endpoint is shown as failing`() throws {
        let scene = try Scene { _ in .answer(503) }
        scene.file.route.retry(attempts: 8, every: "200ms", giveUp: "always")
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        try scene.redis.add(numbers: 0..<2)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try bridge.waitForLog("requests fail; they are retried")
        let gate = #"footbridge_route_gate{route="orders",state="failing"}"#
        #expect(try admin.metrics()[gate] == 1)
        try scene.waitUntilSettled()
        try eventually("it is shown no more") { try admin.metrics()[gate] == 0 }
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 2)
    }

    @Test func `a few entries that fail do not take an endpoint down, but it is told and can be seen`() throws {
        let isMended = Gate()
        let scene = try Scene { _ in isMended.wait(timeout: .zero) ? .answer(200) : .answer(503) }
        scene.file.route.retry(attempts: 3, every: "100ms")
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        try scene.redis.add(numbers: 0..<2)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try bridge.waitForLog("requests fail; they are retried")
        let gate = #"footbridge_route_gate{route="orders",state="failing"}"#
        #expect(try admin.metrics()[gate] == 1)
        isMended.open()
        try scene.waitUntilSettled()
        #expect(try admin.metrics()[gate] == 0)
        #expect(try admin.get("/readyz").body.contains(#""state":"reading""#))
        #expect(bridge.logs("the endpoint accepts requests again").count == 1)
    }

    /// More than a window of them: they are the only ones that could be a probe unless others are read.
    @Test(arguments: [500, 404]) func `entries that nobody can take do not keep those behind them from being read`(
        status: Int
    ) throws {
        let scene = try Scene { request in
            (Int(request.text.filter(\.isNumber)) ?? 0) < 60 ? .answer(status) : .answer(200)
        }
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.retry(attempts: 3, every: "100ms")
        try scene.redis.add(numbers: 0..<260)
        try scene.run()
        // The second window has others, one or two probes later.
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((60..<260).map(body)))
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 60)
    }

    /// As after a switch of DNS: what is kept from before leads to the old server, and a new connection to the new one.
    @Test func `after an outage no connection from before it is used`() throws {
        let oldConnections = Monitor(Int?.none)
        let scene = try Scene { request in
            guard let count = oldConnections.value else { return .answerAfter(.milliseconds(5), 200) }
            return request.connection < count ? .answer(404) : .answer(200)
        }
        scene.file.route.keys["concurrency"] = "16"
        scene.file.route.retry(attempts: 4, every: "300ms")
        try scene.redis.add(numbers: 0..<100)
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        // Ages of connections are whole seconds.
        letPass(.milliseconds(2200))
        oldConnections.withLock { $0 = scene.receiver.connections }
        try scene.redis.add(numbers: 100..<600)
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<600).map(body)))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(bridge.logs(refusing).count == 1)
        let refused = scene.receiver.ledger.filter { !$0.action.accepts }
        #expect(refused.count <= 15 + 16)
    }
}
