import RedisStreams
import Testing

@testable import Footbridge

extension LiveScripts {
    struct OwnScriptTests {
        private func own(_ from: EntryBound, _ last: UInt64, of group: LiveGroup) async throws -> OwnEntries {
            try await group.call(
                .own(
                    from: from, to: .at(last), stream: group.stream, group: group.name,
                    owner: OwnerMark(consumer: "a", token: "t", claimAfter: .seconds(20)), lease: nil))
        }

        @Test func `only own entries of the range are told, settled ones are not, and nothing is changed`() async throws
        {
            let group = try LiveGroup(entries: 6)
            try group.read(4, by: "a")
            try group.read(2, by: "b")
            try group.run("XACK", group.stream, group.name, "2-0")
            try group.age(3, of: "a", deliveries: 5, idle: 60_000)
            let before = try group.pending()
            #expect(try await own(.open, 6, of: group).ids == [.at(1), .at(3), .at(4)])
            #expect(try await own(.included(.at(3)), 3, of: group).ids == [.at(3)])
            #expect(try await own(.excluded(.at(3)), 6, of: group).ids == [.at(4)])
            #expect(try await own(.included(.at(5)), 6, of: group).ids == [])
            #expect(try group.pending() == before)
            #expect(try group.idle(3) >= 60_000)
        }

        @Test func `the mark tells which group it is`() async throws {
            let group = try LiveGroup()
            #expect(try await own(.open, 1, of: group).mark == nil)
            try group.makeConsumer("footbridge:owner:t:20000:a")
            try group.makeConsumer("footbridge:group:m")
            #expect(try await own(.open, 1, of: group).mark == "footbridge:group:m")
        }

        @Test func `its marks tell whether others have taken its entries over`() async throws {
            let group = try LiveGroup()
            func marks() async throws -> [Bool] {
                let own = try await own(.open, 1, of: group)
                return [own.isTaken, own.isUnmarked]
            }
            try group.makeConsumers(["a", "footbridge:owner:u:20000:a", "footbridge:taken:u:20000:a"])
            #expect(try await marks() == [false, true])
            try group.makeConsumer("footbridge:owner:t:20000:a")
            #expect(try await marks() == [false, false])
            try group.makeConsumer("footbridge:taken:t:20000:a")
            #expect(try await marks() == [true, false])
        }

        @Test func `an entry that is no longer in the stream is owned until it is settled`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            try group.run("XDEL", group.stream, "1-0")
            #expect(try await own(.open, 2, of: group).ids == [.at(1), .at(2)])
        }

        @Test func `thousands come in pages of a thousand, the lowest first`() async throws {
            let group = try LiveGroup(entries: 2500)
            try group.read(2500, by: "a")
            #expect(try await own(.open, 2500, of: group).ids == Set((1...1000).map { EntryID.at($0) }))
            #expect(
                try await own(.excluded(.at(2000)), 2500, of: group).ids == Set((2001...2500).map { EntryID.at($0) }))
        }
    }
}
