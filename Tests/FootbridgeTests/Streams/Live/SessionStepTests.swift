import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    /// What the session sends besides scripts: making the group, finding its place, proving that it may read, looking for
    /// what is its own.
    struct SessionStepTests {
        private typealias Pending = LiveGroup.Pending

        private func create(_ name: String, from position: GroupPosition, on group: LiveGroup) -> StreamCommand<Void> {
            .createGroup(name, on: group.stream, from: position)
        }

        @Test func `a group begins where it is told, also beyond the end`() async throws {
            let group = try LiveGroup(entries: 3)
            let positions: [(GroupPosition, EntryID)] = [
                (.beginning, .zero), (.after(.at(2)), .at(2)), (.latest, .at(3)), (.after(.at(9)), .at(9)),
                (.after(.maximum), .maximum),
            ]
            for (place, (position, _)) in positions.enumerated() {
                try await group.call(create("h\(place)", from: position, on: group))
            }
            let found = try await group.call(.groups(of: group.stream))
            #expect(found.filter { $0.name != group.name }.map(\.lastDelivered) == positions.map(\.1))
        }

        @Test func `a group that is there is refused, and stays as it is`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(1, by: "a")
            #expect(await group.refusal(of: create("g", from: .latest, on: group))?.serverError?.kind == .busyGroup)
            #expect(try group.lastDelivered() == "1-0")
            #expect(try group.pending() == [Pending(1, "a", 1)])
        }

        @Test func `a group is made with its stream, but not on a key that holds something else`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.run("DEL", group.stream)
            try await group.call(create("g", from: .after(.at(2)), on: group))
            #expect(try await group.call(.info(group.stream)).lastID == .zero)
            #expect(try group.lastDelivered() == "2-0")
            try group.run("SET", group.stream, "text")
            #expect(await group.refusal(of: create("g", from: .latest, on: group))?.serverError?.kind == .wrongType)
        }

        @Test func `only a stream that is gone is told to be gone`() async throws {
            let group = try LiveGroup(entries: 2)
            #expect(try await group.call(.info(group.stream)).lastID == .at(2))
            try group.run("DEL", group.stream)
            #expect(await group.refusal(of: .info(group.stream))?.serverError?.isNoSuchKey == true)
            try group.run("SET", group.stream, "text")
            let error = await group.refusal(of: .info(group.stream))?.serverError
            #expect(error?.kind == .wrongType)
            #expect(error?.isNoSuchKey == false)
        }

        @Test func `a heartbeat makes the consumer, shows life and reads nothing`() async throws {
            let group = try LiveGroup(entries: 2)
            let beat = StreamCommand.heartbeat(stream: group.stream, group: group.name, consumer: "a")
            try await group.call(beat)
            #expect(try group.consumers() == ["a"])
            #expect(try group.pending() == [])
            try group.read(1, by: "a")
            try group.age(1, of: "a", deliveries: 3, idle: 60_000)
            try group.makeConsumer("b")
            try eventually("both are silent") { try group.silences().values.allSatisfy { $0 >= 30 } }
            try await group.call(beat)
            let silences = try group.silences()
            #expect(try #require(silences["a"]) < #require(silences["b"]))
            #expect(try group.pending() == [Pending(1, "a", 3)])
            #expect(try group.idle(1) >= 60_000)
            #expect(try group.lastDelivered() == "1-0")
        }

        @Test func `own pending entries come in pages, trimmed ones among them, and stay as they are`() async throws {
            let group = try LiveGroup(entries: 2503)
            try group.read(2500, by: "a")
            try group.read(3, by: "b")
            try group.run("XDEL", group.stream, "7-0")
            var (found, after) = ([EntryID](), EntryBound.open)
            repeat {
                let page = try await group.call(
                    .pending(stream: group.stream, group: group.name, consumer: "a", from: after, count: 1000))
                found += page.map(\.id)
                #expect(page.allSatisfy { $0.deliveryCount == 1 && $0.consumer == "a" })
                after = page.count == 1000 ? .excluded(page[999].id) : .included(.maximum)
            } while after != .included(.maximum)
            #expect(found == (1...2500).map { EntryID.at($0) })
            #expect(try group.pending().allSatisfy { $0.deliveries == 1 })
        }
    }
}
