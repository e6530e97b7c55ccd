import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct ForbiddenAddresses {
    /// This machine's own name, if it has a special address, as it has in /etc/hosts of Debian and of containers.
    private static let ownName: String? = {
        let addresses = Host.current().name.map { Host(name: $0).addresses } ?? []
        let isSpecial = addresses.allSatisfy { address in
            ["127.", "10.", "192.168.", "::1", "fe80", "fd"].contains { address.hasPrefix($0) }
                || (16...31).contains { address.hasPrefix("172.\($0).") }
        }
        return addresses.isEmpty || !isSpecial ? nil : Host.current().name
    }()

    @Test func `a configuration that points at this machine says what to add, and is right with it`() throws {
        let scene = try Scene()
        scene.file.allow = nil
        let path = try scene.writeFile()
        let words =
            "routes.orders.webhook.url: leads to 127.0.0.1, a loopback address; "
            + "if it is to, write allow: [\"127.0.0.1\"] in webhook\n"
        for command in ["check", "run"] {
            let result = try footbridge(command, "-c", path)
            #expect(result.exit == .status(78))
            #expect((result.error + result.output).hasSuffix(words), "\(result)")
        }
        scene.file.route.webhook["allow"] = "[\"127.0.0.1\"]"
        try scene.redis.add(numbers: 0..<5)
        try scene.run()
        try scene.receiver.waitFor(count: 5)
        try scene.waitUntilSettled()
    }

    @Test(.enabled(if: ownName != nil)) func `a name that leads there is down, says why, and costs no entry`() throws {
        let scene = try Scene()
        let name = try #require(Self.ownName)
        let url = scene.file.route.url
        scene.file.route.url = "http://\(name):\(scene.receiver.port)/hooks"
        scene.file.allow = nil
        scene.file.route.retry(attempts: 1, every: "10ms")
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint is down")
        let line = try #require(bridge.logs().first { $0.message.hasPrefix("the endpoint is down") })
        #expect(line.metadata["reason"] == "the receiver's address is forbidden")
        #expect(line.metadata["cause"]?.contains("write allow: [\"") == true)
        #expect(try bridge.stop() == .status(0))
        #expect(scene.receiver.connections == 0)
        #expect(try scene.redis.unsettled() == 20)
        scene.file.route.url = url
        scene.file.allow = "[127.0.0.1]"
        try scene.run()
        try scene.receiver.waitFor(count: 20)
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    /// One route may, the other may not, and they share a worker.
    @Test(.enabled(if: ownName != nil)) func `what one route is refused is no other's affair`() throws {
        let scene = try Scene()
        scene.file.allow = nil
        let name = try #require(Self.ownName)
        scene.file.routes = ["open", "closed"].map { route in
            BridgeFile.Route(name: route, streams: [route], url: "http://\(name):\(scene.receiver.port)/hooks")
        }
        scene.file.routes[0].webhook["allow"] = "[\(name)]"
        for route in scene.file.routes { try scene.redis.add(numbers: 0..<3, to: route.name) }
        let bridge = try scene.run()
        try eventually("both have failed, each for its own reason") {
            bridge.logs("attempt made").isEmpty
                && !bridge.logs().filter {
                    $0.metadata["route"] == "closed" && $0.metadata["reason"] == "the receiver's address is forbidden"
                }.isEmpty
        }
        #expect(
            bridge.logs().filter {
                $0.metadata["route"] == "open" && $0.metadata["reason"] == "the receiver's address is forbidden"
            } == [])
    }
}
