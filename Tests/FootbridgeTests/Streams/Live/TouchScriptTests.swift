import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct TouchScriptTests {
        private func touch(_ names: [String], in group: LiveGroup) async throws -> Int {
            try await group.call(.touch(names, stream: group.stream, group: group.name))
        }

        @Test func `those that are there show life, the others are not made`() async throws {
            let group = try LiveGroup()
            try group.makeConsumers(["a", "b", "c"])
            try eventually("all are silent") { try group.silences().values.allSatisfy { $0 >= 30 } }
            #expect(try await touch(["a", "c", "nobody"], in: group) == 2)
            let silences = try group.silences()
            #expect(silences.keys.sorted() == ["a", "b", "c"])
            let quiet = try #require(silences["b"])
            #expect(silences["a", default: .max] < quiet)
            #expect(silences["c", default: .max] < quiet)
        }

        @Test func `nothing is read, no attempt is counted, no wait begins anew`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(2, by: "a")
            try group.age(1, of: "a", deliveries: 4, idle: 60_000)
            let before = try group.pending()
            #expect(try await touch(["a"], in: group) == 1)
            #expect(try group.pending() == before)
            #expect(try group.idle(1) >= 60_000)
            #expect(try group.lastDelivered() == "2-0")
        }

        /// A read beyond the end that named the highest id of all would be a read of new entries.
        @Test func `an entry of the highest id is not read either`() async throws {
            let group = try LiveGroup()
            try group.run("XADD", group.stream, "\(EntryID.maximum)", "n", "1")
            try group.makeConsumer("a")
            #expect(try await touch(["a"], in: group) == 1)
            #expect(try group.pending() == [])
        }

        @Test func `thousands at once`() async throws {
            let group = try LiveGroup()
            let names = (1...3000).map { "a.\($0)" }
            try group.makeConsumers(names)
            #expect(try await touch(names + ["nobody"], in: group) == 3000)
        }
    }
}
