import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct BacklogScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func read(_ count: Int, bytes: Int = 1 << 30, of group: LiveGroup) async throws -> BacklogRead {
            try await group.call(
                .backlog(
                    count: count, bytes: bytes, stream: group.stream, group: group.name, consumer: "a", lease: nil))
        }

        private func numbers(_ read: BacklogRead) -> [Int?] { read.entries.map { $0.fields.integer("n") } }

        @Test func `it brings as many as are asked for, in their order, each read once`() async throws {
            let group = try LiveGroup(entries: 7)
            let first = try await read(5, of: group)
            #expect(numbers(first) == [1, 2, 3, 4, 5])
            #expect(first.hasMore)
            let second = try await read(5, of: group)
            #expect(numbers(second) == [6, 7])
            #expect(!second.hasMore)
            #expect(try group.pending() == (1...7).map { Pending($0, "a", 1) })
            let third = try await read(5, of: group)
            #expect(third.entries.isEmpty)
            #expect(!third.hasMore)
        }

        @Test(arguments: [(1, 4), (350_000, 4), (450_000, 8), (2_100_000, 20)])
        func `it stops at its bytes, and leaves the rest to others`(bytes: Int, count: Int) async throws {
            let group = try LiveGroup()
            try group.add(1...20, padding: 100_000)
            let first = try await read(100, bytes: bytes, of: group)
            #expect(numbers(first) == Array(1...count))
            #expect(first.hasMore == (count < 20))
            #expect(try group.pending().count == count)
            if count < 20 { try group.read(20 - count, by: "b") }
        }

        @Test func `what others have read, or was trimmed, does not come`() async throws {
            let group = try LiveGroup(entries: 6)
            try group.read(2, by: "b")
            try group.run("XDEL", group.stream, "4-0")
            #expect(try await numbers(read(100, of: group)) == [3, 5, 6])
            #expect(try group.pending().map(\.consumer) == ["b", "b", "a", "a", "a"])
        }

        @Test func `fields keep their order, their repetitions and their bytes`() async throws {
            let group = try LiveGroup()
            let words = ["XADD", group.stream, "1-0", "f", "1", "f", "2", "", ""].map { Array($0.utf8) }
            _ = try group.live.probe.command(words + [[0, 255], [13, 10]])
            let entry = try #require(try await read(1, of: group).entries.first)
            #expect(entry.fields.map { Array($0.name) } == [Array("f".utf8), Array("f".utf8), [], [0, 255]])
            #expect(entry.fields.map { Array($0.value) } == [Array("1".utf8), Array("2".utf8), [], [13, 10]])
        }

        @Test func `thousands at once`() async throws {
            let group = try LiveGroup(entries: 5003)
            let all = try await read(10_000, of: group)
            #expect(numbers(all) == Array(1...5003))
            #expect(!all.hasMore)
            #expect(try group.pending() == (1...5003).map { Pending($0, "a", 1) })
        }
    }
}
