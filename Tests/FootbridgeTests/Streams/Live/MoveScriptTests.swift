import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct MoveScriptTests {
        private typealias Pending = LiveGroup.Pending

        private struct Moved: Equatable {
            let id: EntryID
            let deliveries: Int
            let isTrimmed: Bool

            init(_ number: UInt64, _ deliveries: Int, isTrimmed: Bool = false) {
                (id, self.deliveries, self.isTrimmed) = (.at(number), deliveries, isTrimmed)
            }
        }

        private func move(
            to heir: String = "b", silentFor silence: Duration = .zero, after: EntryBound = .open, count: Int = 100,
            in group: LiveGroup
        ) async throws -> [MovedEntry] {
            try await group.call(
                .move(
                    from: "a", to: heir, silentFor: silence, after: after, count: count, stream: group.stream,
                    group: group.name))
        }

        private func told(_ entries: [MovedEntry]) -> [Moved] {
            entries.map { Moved($0.id.milliseconds, $0.deliveryCount, isTrimmed: $0.isTrimmed) }
        }

        @Test func `attempts and delivery times stay as they are`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(3, by: "a")
            try group.age(1, of: "a", deliveries: 7, idle: 3_600_000)
            try group.age(2, of: "a", deliveries: 0, idle: 600_000)
            let moved = try await move(in: group)
            #expect(told(moved) == [Moved(1, 7), Moved(2, 0), Moved(3, 1)])
            #expect(try group.pending() == [Pending(1, "b", 7), Pending(2, "b", 0), Pending(3, "b", 1)])
            // As long ago as before, and as long as the test has taken since.
            let spans = [Int64(3_600_000)..<3_660_000, 600_000..<660_000, 0..<60_000]
            for (id, span) in zip(UInt64(1)..., spans) {
                #expect(span.contains(try group.idle(id)))
                #expect(span.contains(moved[Int(id) - 1].idle.milliseconds))
            }
        }

        /// By that its process learns, should it live, that entries were taken.
        @Test func `a mark tells whose entries were taken`() async throws {
            let group = try LiveGroup(entries: 2)
            let marks = ["a", "b", "x:a", "x.a"].map { "footbridge:owner:t:20000:\($0)" }
            try group.makeConsumers(marks)
            #expect(try await told(move(in: group)) == [])
            #expect(try group.consumers() == marks.sorted())
            try group.read(2, by: "a")
            #expect(try await told(move(count: 1, in: group)) == [Moved(1, 1)])
            #expect(try group.consumers() == (["a", "b", "footbridge:taken:t:20000:a"] + marks).sorted())
        }

        @Test func `a consumer that shows life is left alone`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.makeConsumer("footbridge:owner:t:20000:a")
            defer { #expect((try? group.consumers().contains("footbridge:taken:t:20000:a")) == false) }
            try group.read(1, by: "a")
            try group.age(1, of: "a", deliveries: 1, idle: 7_200_000)
            #expect(try await told(move(silentFor: .seconds(3600), in: group)) == [])
            #expect(try group.pending() == [Pending(1, "a", 1)])
        }

        @Test func `a consumer that was silent for long enough is not`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try eventually("a is silent") { try group.silences()["a", default: 0] >= 20 }
            #expect(try await told(move(silentFor: .milliseconds(20), in: group)) == [Moved(1, 1)])
        }

        @Test func `of two heirs the second gets nothing`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            #expect(try await told(move(to: "b", in: group)) == [Moved(1, 1), Moved(2, 1)])
            #expect(try await told(move(to: "c", in: group)) == [])
            #expect(try group.pending() == [Pending(1, "b", 1), Pending(2, "b", 1)])
        }

        @Test func `only this consumer's entries go, and of one that nobody knows none`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "c")
            #expect(try await told(move(in: group)) == [])
            #expect(try group.pending() == [Pending(1, "c", 1), Pending(2, "c", 1)])
        }

        @Test func `an entry that is no longer in the stream is told of and stays where it is`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(3, by: "a")
            try group.age(1, of: "a", deliveries: 3, idle: 1000)
            try group.run("XTRIM", group.stream, "MAXLEN", "2")
            try group.run("XDEL", group.stream, "3-0")
            #expect(
                try await told(move(in: group))
                    == [Moved(1, 3, isTrimmed: true), Moved(2, 1), Moved(3, 1, isTrimmed: true)])
            #expect(try group.pending() == [Pending(1, "a", 3), Pending(2, "b", 1), Pending(3, "a", 1)])
        }

        @Test func `portions follow one another up to the end, past what is trimmed and stays`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.read(5, by: "a")
            try group.run("XDEL", group.stream, "1-0", "2-0")
            var after = EntryBound.open
            var portions: [[Moved]] = []
            for _ in 1...4 {
                let moved = try await move(after: after, count: 2, in: group)
                portions.append(told(moved))
                if let last = moved.last { after = .excluded(last.id) }
            }
            let trimmed = [Moved(1, 1, isTrimmed: true), Moved(2, 1, isTrimmed: true)]
            #expect(portions == [trimmed, [Moved(3, 1), Moved(4, 1)], [Moved(5, 1)], []])
        }

        @Test func `it stops behind four megabytes`() async throws {
            let group = try LiveGroup()
            try group.add(1...5, padding: 1_500_000)
            try group.read(5, by: "a")
            #expect(try await told(move(in: group)) == [Moved(1, 1), Moved(2, 1), Moved(3, 1)])
            #expect(try group.pending().map(\.consumer) == ["b", "b", "b", "a", "a"])
        }

        @Test func `thousands at once`() async throws {
            let group = try LiveGroup(entries: 5000)
            try group.read(5000, by: "a")
            #expect(try await told(move(count: 4000, in: group)) == (1...4000).map { Moved($0, 1) })
            #expect(try group.pending() == (1...5000).map { Pending($0, $0 <= 4000 ? "b" : "a", 1) })
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
