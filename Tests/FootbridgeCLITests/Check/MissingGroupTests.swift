import Footbridge
import RedisStreams
import Testing

@testable import footbridge

struct MissingGroupTests {
    private func finding(_ start: GroupStart, length: Int?) -> Finding {
        var route = RouteConfig(
            name: "orders", streams: ["orders"], group: "orders", destination: .webhook(WebhookConfig(url: "http://a")))
        route.start = start
        return LiveCheck.missingGroup(route, on: "orders", length: length)
    }

    private func expected(_ level: Finding.Level, _ what: String) -> Finding {
        Finding(
            level,
            "group orders does not exist on orders: the next start makes it \(what); "
                + "a running bridge makes it again where it stood")
    }

    @Test func `entries that are left out are a warning`() {
        let what = "for entries that are added from then on (start: new), without the 1 entry there"
        #expect(finding(.new, length: 1) == expected(.warn, what))
    }

    @Test(arguments: [0, nil])
    func `nothing that is known to be left out is a note`(length: Int?) {
        let what = "for entries that are added from then on (start: new)"
        #expect(finding(.new, length: length) == expected(.note, what))
    }

    @Test func `where it begins otherwise is told`() {
        let cases: [(GroupStart, String)] = [
            (.beginning, "for all entries that are there (start: beginning)"),
            (.id(EntryID(milliseconds: 5, sequence: 1)), "for entries after 5-1 (start)"),
            (.time(milliseconds: 7), "for entries from the millisecond 7 on (start)"),
        ]
        for (start, what) in cases { #expect(finding(start, length: 9) == expected(.note, what)) }
    }
}
