import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct TrimScriptTests {
        private func trim(
            _ target: TrimTarget, _ group: LiveGroup, required: [String] = ["g"], mark: String? = nil,
            isDry: Bool = false,
            behind: EntryID? = nil
        ) async throws -> TrimStep {
            try await group.call(
                .trimSettled(
                    target, stream: group.stream, required: required, mark: mark, isDry: isDry, behind: behind))
        }

        private func acknowledge(_ numbers: some Sequence<UInt64>, _ group: LiveGroup, as name: String = "g") throws {
            _ = try group.live.probe.pipeline(
                numbers.map { ["XACK", group.stream, name, "\($0)-0"].map { Array($0.utf8) } })
        }

        private func ids(_ group: LiveGroup) throws -> [UInt64] {
            try group.run("XRANGE", group.stream, "-", "+").elements.compactMap {
                $0.elements.first?.text.flatMap { EntryID($0)?.milliseconds }
            }
        }

        private var knowsAcked: Bool { ServerChoice.current == .redis8 }

        // MARK: - What is needed stays

        @Test func `nothing that is pending, and nothing that is unread goes`() async throws {
            let group = try LiveGroup(entries: 10)
            try group.read(6, by: "a")
            try acknowledge([1, 2, 4, 6], group)
            let step = try await trim(.keep(.entries(0)), group)
            #expect(try ids(group) == [3, 4, 5, 6, 7, 8, 9, 10])
            #expect(step.removed == 2)
            #expect(step.length == 10)
            #expect((step.floor, step.slowest, step.pending) == (.at(3), "g", 2))
            try acknowledge([3, 5], group)
            #expect(try await trim(.keep(.entries(0)), group).removed == 4)
            #expect(try ids(group) == [7, 8, 9, 10])
            #expect(try await trim(.keep(.entries(0)), group).removed == 0)
        }

        @Test(arguments: ["read", "unread", "pending"])
        func `the slowest of all groups counts`(other: String) async throws {
            let group = try LiveGroup(entries: 300)
            try group.read(300, by: "a")
            try acknowledge(1...300, group)
            try group.run("XGROUP", "CREATE", group.stream, "other", other == "unread" ? "120-0" : "0")
            if other != "unread" {
                try group.run("XREADGROUP", "GROUP", "other", "b", "COUNT", "300", "STREAMS", group.stream, ">")
                try acknowledge(other == "read" ? 1...300 : 1...120, group, as: "other")
            }
            let step = try await trim(.keep(.entries(0)), group)
            #expect(step.groups == 2)
            #expect(try ids(group).first == (other == "read" ? nil : 121))
            if other != "read" { #expect(step.slowest == "other") }
            if other == "pending" { #expect(step.floor == .at(121)) }
            // The next that it would get is the first behind this one.
            if other == "unread" { #expect(step.floor == EntryID(milliseconds: 120, sequence: 1)) }
            #expect(step.pending == (other == "pending" ? 180 : 0))
        }

        /// Ids are numbers, and one that is longer is the greater one.
        @Test func `ids are compared as numbers`() async throws {
            let group = try LiveGroup()
            let all = ["9-0", "10-0", "10-9", "10-10", "99-18446744073709551615", "100-1", "9007199254740993-0"]
            for id in all { try group.run("XADD", group.stream, id, "f", "v") }
            for (index, id) in all.enumerated() {
                try group.run("XGROUP", "SETID", group.stream, "g", id)
                _ = try await trim(.keep(.entries(0)), group)
                let rest = try group.run("XRANGE", group.stream, "-", "+").elements.compactMap(\.elements.first?.text)
                // The next id after the highest sequence is not computed: that entry stays one look longer.
                #expect(rest == Array(all[(index == 4 ? index : index + 1)...]))
            }
        }

        @Test func `without all groups that are required nothing goes`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.read(5, by: "a")
            try acknowledge(1...5, group)
            let step = try await trim(.keep(.entries(0)), group, required: ["g", "later"])
            #expect((step.missing, step.removed) == ("later", 0))
            #expect(try ids(group).count == 5)
            try group.destroy()
            #expect(try await trim(.keep(.entries(0)), group, required: []).removed == 0)
            #expect(try ids(group).count == 5)
        }

        @Test func `another mark than is known keeps everything`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.makeConsumer("footbridge:group:m@0-0")
            try group.read(5, by: "a")
            try acknowledge(1...5, group)
            let step = try await trim(.keep(.entries(0)), group, mark: "footbridge:group:other")
            #expect((step.missing, step.removed) == ("g", 0))
            #expect(try await trim(.keep(.entries(0)), group, mark: "footbridge:group:m@0-0").removed == 5)
        }

        // MARK: - What is kept stays

        @Test func `of a number whole nodes go, and never more than are too many`() async throws {
            let group = try LiveGroup(entries: 1000)
            try group.read(1000, by: "a")
            try acknowledge(1...1000, group)
            #expect(try await trim(.keep(.entries(2000)), group).removed == 0)
            #expect(try await trim(.keep(.entries(250)), group).removed == 700)
            #expect(try ids(group) == Array(701...1000))
            #expect(try await trim(.keep(.entries(250)), group).removed == 0)
            #expect(try await trim(.keep(.entries(0)), group).removed == 300)
        }

        @Test func `of an age all goes that is older`() async throws {
            let group = try LiveGroup()
            let reply = try group.run("TIME").elements
            let now = try #require(reply.first?.text.flatMap { UInt64($0) }) * 1000
            for age in [90_000, 61_000, 59_000, 0] as [UInt64] {
                try group.run("XADD", group.stream, "\(now - age)-0", "f", "v")
            }
            try group.run("XGROUP", "SETID", group.stream, "g", "$")
            let step = try await trim(.keep(.age(.seconds(60))), group)
            #expect(step.removed == 2)
            let wanted = try #require(step.wanted)
            #expect((now - 60_000...now - 30_000).contains(wanted.milliseconds))
            #expect(try await trim(.keep(.age(.seconds(1_000_000_000_000))), group).removed == 0)
        }

        @Test func `a place is as good as an age`() async throws {
            let group = try LiveGroup(entries: 250)
            try group.read(200, by: "a")
            try acknowledge(1...200, group)
            #expect(try await trim(.from(.at(150)), group).removed == 149)
            #expect(try await trim(.from(.at(1000)), group).removed == 51)
            #expect(try ids(group) == Array(201...250))
        }

        @Test func `a dry run says the same and removes nothing`() async throws {
            let group = try LiveGroup(entries: 10)
            try group.read(8, by: "a")
            try acknowledge([1, 2, 3], group)
            let step = try await trim(.from(.at(6)), group, isDry: true)
            #expect(
                step
                    == TrimStep(
                        removed: 0, length: 10, lastID: .at(10), floor: .at(4), slowest: "g", pending: 5,
                        hasMore: false, wanted: .at(6),
                        reached: nil, groups: 1, missing: nil))
            #expect(try ids(group).count == 10)
        }

        @Test func `much goes in portions`() async throws {
            let group = try LiveGroup(entries: 25_000)
            try group.run("XGROUP", "SETID", group.stream, "g", "$")
            var removed: [Int] = []
            for target in [TrimTarget.keep(.entries(0)), .from(.at(30_000)), .keep(.entries(100))] {
                let step = try await trim(target, group)
                removed.append(step.removed)
                #expect(step.hasMore == (step.removed == 10_000))
            }
            #expect(removed == [10_000, 10_000, 4_900])
        }

        // MARK: - Behind what is pending

        @Test(arguments: [true, false])
        func `behind an entry that stays pending goes what is settled, where the server can do that`(counts: Bool)
            async throws
        {
            let group = try LiveGroup(entries: 40_000)
            for _ in 0..<39 { try group.read(1000, by: "a") }
            try acknowledge((1...39_000).filter { $0 != 5 && $0 != 30_000 }, group)
            let target = counts ? TrimTarget.keep(.entries(2500)) : .from(.at(38_000))
            var (behind, calls, most) = (EntryID.zero as EntryID?, 0, 0)
            var step: TrimStep
            repeat {
                step = try await trim(target, group, behind: behind)
                (behind, calls, most) = (step.reached, calls + 1, max(most, step.removed))
            } while (step.hasMore || calls < 3) && calls < 50
            #expect(most <= 12_000)
            let left = try ids(group)
            if knowsAcked {
                // The server may leave one more than it is told to.
                #expect(counts ? (2500...2501).contains(left.count) : left.count == 2003)
                #expect(Array(left.prefix(2)) == [5, 30_000])
                #expect(counts || left[2] == 38_000)
                #expect(calls > 5)
            } else {
                #expect(left.first == (counts ? 1 : 5))
                #expect(left.count == (counts ? 40_000 : 39_996))
                #expect(behind == nil)
            }
        }

        @Test func `what another group has not read stays behind them, too`() async throws {
            let group = try LiveGroup(entries: 1000)
            try group.run("XGROUP", "CREATE", group.stream, "other", "400-0")
            try group.read(1000, by: "a")
            try acknowledge(2...1000, group)
            for target in [TrimTarget.keep(.entries(0)), .from(.at(2000))] {
                var behind: EntryID? = .zero
                for _ in 0..<5 { behind = try await trim(target, group, behind: behind).reached }
            }
            let left = try ids(group)
            #expect(left == (knowsAcked ? [1] + Array(401...1000) : Array(1...1000)))
        }

        @Test func `where much is pending nothing is looked for behind it`() async throws {
            let group = try LiveGroup(entries: 3000)
            for _ in 0..<3 { try group.read(1000, by: "a") }
            try acknowledge(1001...2500, group)
            var behind: EntryID? = .zero
            for _ in 0..<3 { behind = try await trim(.keep(.entries(0)), group, behind: behind).reached }
            #expect(try ids(group).count == 3000)
        }

        /// Whatever groups have read and settled: what one of them needs stays, and what nobody needs goes up to there.
        @Test(arguments: 0..<12 as Range<UInt64>) func `random groups lose nothing`(seed: UInt64) async throws {
            var random = SeededRandom(seed: seed)
            let count = UInt64.random(in: 1...700, using: &random)
            let group = try LiveGroup(entries: count)
            var needed: Set<UInt64> = []
            for name in ["g", "h", "i"].prefix(Int.random(in: 1...3, using: &random)) {
                if name != "g" { try group.run("XGROUP", "CREATE", group.stream, name, "0") }
                let read = UInt64.random(in: 1...count, using: &random)
                try group.run("XREADGROUP", "GROUP", name, "c", "COUNT", "\(read)", "STREAMS", group.stream, ">")
                let settled = (1...read).filter { _ in Int.random(in: 0..<100, using: &random) < 95 }
                try acknowledge(settled, group, as: name)
                needed.formUnion(Set(1...count).subtracting(settled))
            }
            let keep = Int.random(in: 0...Int(count), using: &random)
            let target: TrimTarget = Bool.random(using: &random) ? .keep(.entries(keep)) : .from(.at(UInt64(keep)))
            var behind: EntryID? = Bool.random(using: &random) ? .zero : nil
            for _ in 0..<4 { behind = try await trim(target, group, behind: behind).reached }
            let left = Set(try ids(group))
            #expect(needed.isSubset(of: left))
            let head = (needed.min() ?? count + 1) - 1
            switch target {
            case .keep(.entries):
                #expect(left.count >= keep)
                #expect(left.count < max(keep, Int(count - head)) + 100)
            default:
                #expect(left.isSuperset(of: Set(1...count).filter { $0 >= keep }))
                #expect(left.isDisjoint(with: Set(1...count).filter { $0 <= head && $0 < keep }))
            }
        }
    }
}
