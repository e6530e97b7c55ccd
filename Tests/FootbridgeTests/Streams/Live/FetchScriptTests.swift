import RedisStreams
import Testing

@testable import Footbridge

extension LiveScripts {
    struct FetchScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func fetch(
            _ entries: [(id: EntryID, attempt: Int)], of group: LiveGroup
        ) async throws -> FetchedEntries {
            try await group.call(.fetch(entries, stream: group.stream, group: group.name, consumer: "a"))
        }

        private func numbers(_ fetched: FetchedEntries) -> [Int?] { fetched.entries.map { $0.fields?.integer("n") } }

        @Test func `own entries come with their fields, and with them their attempts are written`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(3, by: "a")
            try group.age(2, of: "a", deliveries: 4, idle: 60_000)
            let fetched = try await fetch([(.at(1), 2), (.at(2), 5)], of: group)
            #expect(fetched.looked == 2)
            #expect(fetched.entries.map(\.id) == [.at(1), .at(2)])
            #expect(numbers(fetched) == [1, 2])
            #expect(try group.pending() == [Pending(1, "a", 2), Pending(2, "a", 5), Pending(3, "a", 1)])
            #expect(try group.idle(2) < 60_000, "the attempt begins now")
        }

        @Test func `what another has, or has settled, stays as it is`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(1, by: "a")
            try group.read(2, by: "b")
            try group.run("XACK", group.stream, group.name, "3-0")
            let fetched = try await fetch([(.at(1), 2), (.at(2), 2), (.at(3), 2)], of: group)
            #expect(fetched.looked == 3)
            #expect(numbers(fetched) == [1])
            #expect(try group.pending() == [Pending(1, "a", 2), Pending(2, "b", 1)])
        }

        @Test(arguments: [true, false]) func `what is no longer in the stream comes without fields and stays pending`(
            isTrimmed: Bool
        ) async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            if isTrimmed {
                try group.run("XTRIM", group.stream, "MAXLEN", "1")
            } else {
                try group.run("XDEL", group.stream, "1-0")
            }
            let fetched = try await fetch([(.at(1), 2), (.at(2), 2)], of: group)
            #expect(fetched.looked == 2)
            #expect(fetched.entries.map(\.id) == [.at(1), .at(2)])
            #expect(numbers(fetched) == [nil, 2])
            #expect(try group.pending() == [Pending(1, "a", 1), Pending(2, "a", 2)])
        }

        @Test func `it stops behind four megabytes, and what it did not look at is not counted`() async throws {
            let group = try LiveGroup()
            try group.add(1...5, padding: 1_500_000)
            try group.read(5, by: "a")
            let fetched = try await fetch((1...5).map { (.at($0), 2) }, of: group)
            #expect(fetched.looked == 3)
            #expect(numbers(fetched) == [1, 2, 3])
            #expect(try group.pending().map(\.deliveries) == [2, 2, 2, 1, 1])
        }

        @Test func `thousands at once, every other one another's`() async throws {
            let group = try LiveGroup(entries: 4000)
            try group.read(4000, by: "a")
            for id in stride(from: UInt64(2), through: 4000, by: 2) {
                try group.age(id, of: "b", deliveries: 1, idle: 0)
            }
            let fetched = try await fetch((1...4000).map { (.at($0), 9) }, of: group)
            #expect(fetched.looked == 4000)
            #expect(numbers(fetched) == Array(stride(from: 1, to: 4000, by: 2)))
            #expect(
                try group.pending()
                    == (1...4000).map { $0.isMultiple(of: 2) ? Pending($0, "b", 1) : Pending($0, "a", 9) })
        }
    }
}
