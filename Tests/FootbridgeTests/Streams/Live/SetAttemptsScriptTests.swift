import RedisStreams
import Testing

@testable import Footbridge

extension LiveScripts {
    struct SetAttemptsScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func setAttempts(_ counts: [(id: EntryID, attempts: Int)], in group: LiveGroup) async throws -> Int {
            try await group.call(.setAttempts(counts, stream: group.stream, group: group.name, consumer: "a"))
        }

        @Test func `attempts of own entries are written, and their wait begins`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            try group.age(1, of: "a", deliveries: 1, idle: 60_000)
            #expect(try await setAttempts([(.at(1), 3), (.at(2), 0)], in: group) == 0)
            #expect(try group.pending() == [Pending(1, "a", 3), Pending(2, "a", 0)])
            #expect(try group.idle(1) < 60_000)
        }

        @Test func `another's entries and settled ones are told of and stay as they are`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(1, by: "a")
            try group.read(2, by: "b")
            try group.age(2, of: "b", deliveries: 1, idle: 60_000)
            try group.run("XACK", group.stream, group.name, "3-0")
            #expect(try await setAttempts([(.at(1), 4), (.at(2), 4), (.at(3), 4)], in: group) == 2)
            #expect(try group.pending() == [Pending(1, "a", 4), Pending(2, "b", 1)])
            #expect(try group.idle(2) >= 60_000)
        }

        /// XCLAIM would take it off the pending ones without a word.
        @Test func `an entry that is no longer in the stream stays pending`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            try group.run("XDEL", group.stream, "1-0")
            #expect(try await setAttempts([(.at(1), 2), (.at(2), 2)], in: group) == 0)
            #expect(try group.pending() == [Pending(1, "a", 1), Pending(2, "a", 2)])
        }

        @Test func `thousands at once`() async throws {
            let group = try LiveGroup(entries: 5000)
            try group.read(3000, by: "a")
            try group.read(2000, by: "b")
            #expect(try await setAttempts((1...5000).map { (.at($0), 6) }, in: group) == 2000)
            #expect(
                try group.pending() == (1...5000).map { $0 <= 3000 ? Pending($0, "a", 6) : Pending($0, "b", 1) })
        }
    }
}
