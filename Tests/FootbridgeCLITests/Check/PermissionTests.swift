import Footbridge
import FootbridgeRedis
import TestSupport
import Testing

@testable import footbridge

struct PermissionTests {
    private let route = RouteConfig(
        name: "orders", streams: ["orders", "more"], group: "orders",
        destination: .webhook(WebhookConfig(url: "http://a")))

    private func finding(_ refusals: (NeededCommand, Refusal)..., route: RouteConfig? = nil) -> Finding {
        LiveCheck.finding(refusals, route: route ?? self.route, user: "bob")
    }

    @Test func `a user who is refused nothing may do all`() {
        #expect(finding() == Finding(.ok, "route orders: user bob may do all that is needed"))
    }

    @Test func `refusals of all streams are one finding with its cure`() {
        let (xack, create) = (
            NeededCommand(rule: "xack", arguments: []), NeededCommand(rule: "xgroup|create", arguments: [])
        )
        let xadd = NeededCommand(rule: "xadd", arguments: [])
        let text =
            "route orders: user bob may not call XACK, XGROUP CREATE and may not use the keys of XADD; allow it: "
            + "ACL SETUSER bob ~orders ~{orders}:dead:orders ~more ~{more}:dead:orders +xack +xgroup|create"
        #expect(
            finding((xack, .command), (create, .command), (xack, .command), (xadd, .keys), (xadd, .keys))
                == Finding(.error, text))
    }

    @Test func `a key with a space stands in quotes, and without dead letters there is no key for them`() {
        var route = route
        route.streams = ["my orders"]
        route.deadLetter = .off
        let text = "route orders: user bob may not use the keys of XACK; allow it: ACL SETUSER bob \"~my orders\""
        #expect(finding((NeededCommand(rule: "xack", arguments: []), .keys), route: route) == Finding(.error, text))
    }

    /// From Redis 7.0.15: `ACL DRYRUN`, the same about a key, and the errors of the commands themselves.
    @Test(arguments: [
        ("This user has no permissions to run the 'xack' command", Refusal.command),
        ("This user has no permissions to access the 's' key", .keys),
        ("This user has no permissions to access the 'c' channel", .channel),
        ("this user has no permissions to run the 'xgroup|create' command", .command),
        ("this user has no permissions to access one of the keys used as arguments", .keys),
    ])
    func `what is refused is told from the server's words`(words: String, refusal: Refusal) {
        #expect(Refusal(words) == refusal)
    }

    @Test func `a destination in the bridge's Redis needs its key or its channel`() {
        var route = RouteConfig(
            name: "live", streams: ["orders"], group: "g", destination: .publish(PublishConfig(channel: .init("c 1"))))
        route.deadLetter = .off
        let publish = NeededCommand.all(of: route.destination, from: "orders")
        #expect(publish.map(\.rule) == ["publish"])
        #expect(
            finding((publish[0], .channel), route: route)
                == Finding(
                    .error,
                    "route live: user bob may not use the channel of PUBLISH; "
                        + "allow it: ACL SETUSER bob ~orders \"&c 1\""))
        route.destination = .append(AppendConfig(stream: .init("s"), trimming: .age(.seconds(1))))
        let append = NeededCommand.all(of: route.destination, from: "orders")
        #expect(append.map(\.rule) == ["xadd", "eval", "time"])
        #expect(
            finding((append[0], .command), route: route)
                == Finding(
                    .error, "route live: user bob may not call XADD; allow it: ACL SETUSER bob ~orders ~s +xadd"))
    }

    @Test func `a rate that instances share needs its keys`() {
        var route = RouteConfig(
            name: "r", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: "http://a")),
            rate: RateLimit(perSecond: 1))
        route.deadLetter = .off
        #expect(NeededCommand.all(forRateAt: route.rateKey) == [])
        route.rate?.scope = .cluster
        let needed = NeededCommand.all(forRateAt: route.rateKey)
        #expect(needed.map(\.rule) == ["eval", "get", "set", "time"])
        #expect(needed.prefix(3).allSatisfy { $0.arguments.contains { $0.hasPrefix("footbridge:rate:") } })
        #expect(
            finding((needed[1], .keys), (needed[3], .command), route: route)
                == Finding(
                    .error,
                    "route r: user bob may not call TIME and may not use the keys of GET; "
                        + "allow it: ACL SETUSER bob ~s ~footbridge:rate:* +time"))
    }

    @Test func `another server has to remember what was appended`() {
        let other = RedisSource.url(RedisURL(endpoint: .tcp(host: "r2", port: 6379)))
        let append = Destination.append(AppendConfig(stream: .init("s"), redis: other))
        #expect(append.keys == ["s", "{s}:footbridge:appended"])
        let rules = ["xadd", "eval", "zscore", "zadd", "zrem", "zremrangebyscore", "time"]
        #expect(NeededCommand.all(of: append, from: nil).map(\.rule) == rules)
    }

    /// The first line of the documentation is what the check asks for, and the other way round.
    @Test func `the documented user has just what is needed`() throws {
        let lines = try Repository.text("docs/configuration.md").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("ACL SETUSER footbridge on") })
        let granted = line.split(separator: " ").filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) }
        let needed = NeededCommand.all(stream: "orders", dead: "{orders}:dead").map(\.rule)
        let optional = [
            "client|setname", "client|unblock", "select", "role", "subscribe", "publish", "ping", "get", "set", "del",
        ]
        #expect(Set(granted).subtracting(needed) == Set(optional))
        #expect(Set(needed).subtracting(granted) == [])
        let ordered = NeededCommand.all(stream: "orders", dead: nil, isOrdered: true).map(\.rule)
        #expect(Set(ordered).subtracting(needed) == ["xread"])
    }
}
