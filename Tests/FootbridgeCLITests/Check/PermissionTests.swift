import Footbridge
import TestSupport
import Testing

@testable import footbridge

struct PermissionTests {
    private let route = RouteConfig(
        name: "orders", streams: ["orders", "more"], group: "orders", webhook: WebhookConfig(url: "http://a"))

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
            + "ACL SETUSER bob ~orders ~{orders}:dead ~more ~{more}:dead +xack +xgroup|create"
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
        ("this user has no permissions to run the 'xgroup|create' command", .command),
        ("this user has no permissions to access one of the keys used as arguments", .keys),
    ])
    func `what is refused is told from the server's words`(words: String, refusal: Refusal) {
        #expect(Refusal(words) == refusal)
    }

    /// The first line of the documentation is what the check asks for, and the other way round.
    @Test func `the documented user has just what is needed`() throws {
        let lines = try Repository.text("docs/configuration.md").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("ACL SETUSER footbridge on") })
        let granted = line.split(separator: " ").filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) }
        let needed = NeededCommand.all(stream: "orders", dead: "{orders}:dead").map(\.rule)
        let optional = ["xinfo|stream", "client|setname", "client|unblock", "select", "role", "subscribe", "publish"]
        #expect(Set(granted).subtracting(needed) == Set(optional))
        #expect(Set(needed).subtracting(granted) == [])
    }
}
