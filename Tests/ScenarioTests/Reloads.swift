import Foundation
import TestSupport
import TestThreads
import Testing

/// What a configuration that is read again changes in a running bridge, and what it leaves alone.
@Suite(.serialized, .ownThreads) struct Reloads {
    private func route(_ name: String, _ scene: Scene, path: String? = nil) -> BridgeFile.Route {
        var route = BridgeFile.Route(name: name, streams: [name])
        route.url = "http://127.0.0.1:\(scene.receiver.port)/\(path ?? name)"
        return route
    }

    /// Writes the configuration, and has the bridges with it read it.
    private func reload(_ scene: Scene) throws -> CommandResult { try footbridge("reload", "-c", scene.writeFile()) }

    private func counter(_ name: String, _ route: String, _ probe: AdminProbe) throws -> Int {
        Int(try probe.metrics()["footbridge_\(name){route=\"\(route)\"}"] ?? -1)
    }

    @Test func `a changed route ends what is in flight under the old rule, and the others do not notice`() throws {
        let gate = Gate()
        let scene = try Scene { $0.path == "/slow" ? .answerWhenOpen(gate, 200) : .answer(200) }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.routes = [route("kept", scene), route("changed", scene, path: "slow")]
        let bridge = try scene.run()
        let probe = try AdminProbe(bridge)
        try scene.redis.add(numbers: [1], to: "changed")
        try scene.redis.add(numbers: [1], to: "kept")
        try scene.receiver.waitFor(count: 2)
        try eventually("it is counted") { try counter("entries_delivered_total", "kept", probe) == 1 }

        scene.file.routes[1] = route("changed", scene, path: "new")
        let path = try scene.writeFile()
        let command = try ChildProcess.footbridge("reload", "-c", path)
        try bridge.waitForLog("the route ends")
        try scene.redis.add(numbers: [2], to: "changed")
        // Meanwhile it takes what comes.
        try scene.redis.add(numbers: 2...50, to: "kept")
        try scene.receiver.waitUntil { $0.count { $0.path == "/kept" } == 50 }
        #expect(scene.receiver.ledger.filter { $0.path == "/new" }.isEmpty)
        #expect(try counter("requests_in_flight", "changed", probe) == 1)
        #expect(!command.output.contains("changed"))
        gate.open()
        let result = try CommandResult(command)
        #expect(result == CommandResult(0, output: "changed changed; 1 route untouched\n"))
        try scene.receiver.waitUntil { $0.contains { $0.path == "/new" } }
        for route in scene.file.routes { try scene.waitUntilSettled(route) }
        let ledger = scene.receiver.ledger
        #expect(ledger.filter { $0.path == "/slow" }.map(\.text) == [body(1)])
        #expect(ledger.filter { $0.path == "/new" }.map(\.text) == [body(2)])
        #expect(ledger.duplicates == 0)
        // One counter for both rules; and the kept route's is its own still.
        try eventually("it is counted") { try counter("entries_delivered_total", "changed", probe) == 2 }
        #expect(try counter("entries_delivered_total", "kept", probe) == 50)
        #expect(try bridge.stop() == .status(0))
        #expect(bridge.repetitions == [])
    }

    @Test func `an entry that waits keeps its attempts when its route changes`() throws {
        let scene = try Scene { $0.path == "/wrong" ? .answer(500) : .answer(200) }
        scene.file.route = route("orders", scene, path: "wrong")
        scene.file.route.retry(attempts: 20, every: "100ms", giveUp: "always")
        let bridge = try scene.run()
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitFor(count: 3)
        scene.file.route.url = scene.receiver.url
        #expect(try reload(scene).exit == .status(0))
        let ledger = try scene.receiver.waitUntil { $0.contains { $0.path == "/hooks" } }
        #expect(ledger.attempts == (1...ledger.count).map { "\($0)" })
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a removed route hands over what it holds, and a new one begins`() throws {
        let scene = try Scene { $0.path == "/removed" ? .answer(503) : .answer(200) }
        scene.file.routes = [route("kept", scene), route("removed", scene)]
        let bridge = try scene.run()
        try scene.redis.add(numbers: [1], to: "removed")
        try scene.receiver.waitFor(count: 1)
        scene.file.routes[1] = route("added", scene)
        #expect(
            try reload(scene) == CommandResult(0, output: "added added; removed removed; 1 route untouched\n"))
        // For every other instance to take at once; and nobody is there any more.
        #expect(try scene.redis.pending("removed", "removed").map(\.consumer) == ["footbridge:released"])
        #expect(try scene.redis.consumers("removed", "removed") == ["footbridge:released"])
        try scene.redis.add(numbers: [2], to: "added")
        try scene.receiver.waitUntil { $0.contains { $0.path == "/added" } }
        #expect(try bridge.stop() == .status(0))
        #expect(bridge.logs("handed entries over").count == 1)
    }

    @Test func `a renamed route goes on where the old one stood`() throws {
        let scene = try Scene { $0.path == "/wrong" ? .answer(503) : .answer(200) }
        scene.file.route = route("old", scene, path: "wrong")
        scene.file.route.keys["group"] = "g"
        let bridge = try scene.run()
        try scene.redis.add(numbers: [1], to: "old")
        try scene.receiver.waitFor(count: 1)
        scene.file.route = route("new", scene)
        scene.file.route.streams = ["old"]
        scene.file.route.keys["group"] = "g"
        #expect(try reload(scene).exit == .status(0))
        try scene.receiver.waitUntil { $0.contains { $0.path == "/new" } }
        try eventually("it is settled") { try scene.redis.unsettled("old", "g") == 0 }
        #expect(try bridge.stop() == .status(0))
        // No rival was seen: the old one was gone before.
        let warnings = bridge.logs().filter { $0.level == "warning" }.map(\.message)
        #expect(Set(warnings).subtracting(["Redis has something to look at"]) == [])
    }

    @Test func `a file that is wrong changes nothing, and says why`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        scene.file.routes.append(route("second", scene))
        scene.file.routes[1].webhook["timeut"] = "2s"
        let path = try scene.writeFile()
        let result = try footbridge("reload", "-c", path)
        #expect(result.exit == .status(78))
        let lines = result.error.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("\(path):2"))
        #expect(lines[0].hasSuffix(": routes.second.webhook.timeut: unknown key; did you mean timeout?"))
        #expect(lines[1] == "footbridge: not taken; what was read before stays in effect")
        let told = bridge.logs("the configuration was not taken; what was read before stays in effect")
        #expect(told.map(\.metadata["error"]) == [String(lines[0])])
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitFor(count: 1)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `what is read at the start only is refused, with its place`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        scene.file.workers = 2
        scene.file.instance = "b"
        scene.file.route.url = "http://127.0.0.1:\(scene.receiver.port)/new"
        let path = try scene.directory.write(scene.file.text, to: "a.yaml")
        let result = try footbridge("reload", "-c", path)
        #expect(result.exit == .status(78))
        let reason = "cannot change while the bridge runs; restart it, or put back what was there"
        #expect(
            result.error.split(separator: "\n").dropLast() == [
                "\(path):2:1: instance: \(reason)", "\(path):3:1: workers: \(reason)",
            ])
        try scene.redis.add(numbers: [1])
        #expect(try scene.receiver.waitFor(count: 1).map(\.path) == ["/hooks"])
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `the level of the log can change`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        scene.file.level = "debug"
        #expect(try reload(scene) == CommandResult(0, output: "nothing has changed in the routes\n"))
        try scene.redis.add(numbers: [1])
        try bridge.waitForLog("attempt made")
        scene.file.level = "error"
        #expect(try reload(scene).exit == .status(0))
        try scene.redis.add(numbers: [2])
        try scene.receiver.waitFor(count: 2)
        #expect(try bridge.stop() == .status(0))
        #expect(bridge.logs("attempt made").count == 1)
        #expect(bridge.logs("footbridge stopped") == [])
    }

    @Test func `without a bridge there is nobody to tell`() throws {
        let scene = try Scene()
        let path = try scene.writeFile()
        #expect(try footbridge("reload", "-c", path).exit == .status(69))
        // One with another file is another.
        let bridge = try scene.run()
        let other = try scene.directory.write(scene.file.text, to: "other.yaml")
        #expect(try footbridge("reload", "-c", other).exit == .status(69))
        // The same file by another way.
        #expect(try footbridge("reload", "-c", "\(scene.directory.path)/../\(path.dropFirst(5))").exit == .status(0))
        #expect(try bridge.stop() == .status(0))
        #expect(try footbridge("reload", "-c", path).exit == .status(69))
    }

    @Test func `SIGHUP has the file read, and the files beside it`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        try scene.directory.makeDirectory("routes.d")
        let url = "http://127.0.0.1:\(scene.receiver.port)/extra"
        try scene.directory.write(
            "extra: { stream: extra, start: beginning, webhook: { url: \"\(url)\" } }\n", to: "routes.d/extra.yaml")
        bridge.signal(SIGHUP)
        try bridge.waitForLog("the configuration was read again")
        #expect(
            bridge.logs("the configuration was read again").map(\.metadata["changes"]) == [
                "added extra; 1 route untouched"
            ])
        try scene.redis.add(numbers: [1], to: "extra")
        #expect(try scene.receiver.waitFor(count: 1).map(\.path) == ["/extra"])
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `with --watch a change of a file is enough, and one that is wrong is told once`() throws {
        let scene = try Scene()
        let bridge = try scene.run("--watch")
        try scene.directory.makeDirectory("routes.d")
        try scene.directory.write("extra: { stream: extra }\n", to: "routes.d/extra.yaml")
        try bridge.waitForLog("the configuration was not taken")
        let url = "http://127.0.0.1:\(scene.receiver.port)/extra"
        try scene.directory.write(
            "extra: { stream: extra, start: beginning, webhook: { url: \"\(url)\" } }\n", to: "routes.d/extra.yaml")
        try bridge.waitForLog("the configuration was read again")
        try scene.redis.add(numbers: [1], to: "extra")
        #expect(try scene.receiver.waitFor(count: 1).map(\.path) == ["/extra"])
        #expect(bridge.logs("the configuration was not taken; what was read before stays in effect").count == 1)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a bridge that is told to stop while it reloads stops, and says so`() throws {
        let gate = Gate()
        let scene = try Scene { _ in .answerWhenOpen(gate, 200) }
        let bridge = try scene.run()
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitFor(count: 1)
        scene.file.route.url = "http://127.0.0.1:\(scene.receiver.port)/new"
        let command = try ChildProcess.footbridge("reload", "-c", try scene.writeFile())
        try bridge.waitForLog("the route ends")
        bridge.signal(SIGTERM)
        try bridge.waitForLog("stopping")
        gate.open()
        #expect(try bridge.waitForExit() == .status(0))
        _ = try CommandResult(command)
        #expect(try scene.redis.unsettled() == 0)
        #expect(scene.receiver.ledger.map(\.path) == ["/hooks"])
    }

    @Test func `fifty reloads under load lose nothing and repeat nothing`() throws {
        let scene = try Scene { $0.path.hasPrefix("/changed") ? .answerAfter(.milliseconds(3), 200) : .answer(200) }
        scene.file.workers = 2
        scene.file.routes = [route("kept", scene), route("changed", scene), route("ordered", scene)]
        scene.file.routes[2].keys["ordering"] = "strict"
        let bridge = try scene.run()
        let producers = try ["kept", "changed", "ordered"].map { ($0, try scene.server.probe()) }
        let (count, isOver) = (Monitor(0), Monitor(false))
        for (stream, probe) in producers {
            Thread.detachNewThread {
                var number = 0
                while !isOver.value {
                    _ = try? probe.add(numbers: number..<(number + 5), to: stream)
                    number += 5
                    letPass(.milliseconds(10))
                }
                count.withLock { $0 += 1 }
            }
        }
        for number in 1...50 {
            scene.file.routes[1].webhook["headers"] = "{ X-Number: \"\(number)\" }"
            scene.file.routes[1].webhook["content_type"] = "text/\(number)"
            scene.file.routes[2].webhook["content_type"] = "text/\(number)"
            let result = try reload(scene)
            #expect(result == CommandResult(0, output: "changed changed, ordered; 1 route untouched\n"))
        }
        isOver.withLock { $0 = true }
        #expect(count.wait(timeout: .patience) { $0 == 3 })
        for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(30)) }
        #expect(try bridge.stop() == .status(0))
        let ledger = scene.receiver.ledger
        for stream in ["kept", "changed", "ordered"] {
            let requests = ledger.filter { $0.path == "/\(stream)" }
            let added = try scene.redis.entries(stream).map { "{\"n\":\"\($0[0].text)\"}" }
            #expect(added.count > 100)
            #expect(requests.duplicates == 0)
            #expect(Set(requests.acceptedBodies) == Set(added))
            if stream == "ordered" { #expect(requests.map(\.text) == added) }
        }
        #expect(Set(ledger.compactMap { $0["content-type"] }).count > 25)
        // Several requests at a time are of no use where there is an order.
        let troubles = bridge.logs().filter { ["warning", "error"].contains($0.level) }
        let known = ["the configuration has something to look at", "Redis has something to look at"]
        #expect(Set(troubles.map(\.message)).subtracting(known) == [])
        #expect(troubles.contains { $0.message == known[0] })
    }
}
