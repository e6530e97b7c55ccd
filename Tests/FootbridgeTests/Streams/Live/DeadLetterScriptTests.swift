import FootbridgeRedis
import FootbridgeWebhooks
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct DeadLetterScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func letter(
            _ number: UInt64, of group: LiveGroup, consumer: String = "a", fields: EntryFields = EntryFields(["n": "1"])
        ) throws -> DeadLetter {
            DeadLetter(
                row: try anyRow(), key: EntryKey(stream: 0, id: .at(number)), stream: group.stream, route: "r",
                group: group.name, consumer: consumer, reason: .rejected(.messageRefused(status: 422)), attempts: 2,
                firstAt: 0, lastAt: 1000, response: [], fields: fields)
        }

        private func target(_ group: LiveGroup) -> String { "{\(group.stream)}:dead" }

        private func bury(_ letter: DeadLetter, of group: LiveGroup) async throws -> Burial {
            try await group.call(letter.command(into: target(group)))
        }

        private func letters(_ group: LiveGroup) throws -> [RedisReply] {
            try group.run("XRANGE", target(group), "-", "+").elements.map { $0.elements[1] }
        }

        @Test func `the entry goes from the pending ones to the dead letters`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            #expect(try await bury(letter(1, of: group), of: group) == .buried)
            #expect(try group.pending() == [Pending(2, "a", 1)])
            let expected: RedisReply = [
                "reason", "rejected: http_422", "status", "422", "attempts", "2", "route", "r",
                "stream", .bulk(Array(group.stream.utf8)), "id", "1-0", "first_at", "1970-01-01T00:00:00.000Z",
                "last_at", "1970-01-01T00:00:01.000Z", "field.n", "1",
            ]
            #expect(try letters(group) == [expected])
        }

        @Test func `sent twice it is written once`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            #expect(try await bury(letter(1, of: group), of: group) == .buried)
            #expect(try await bury(letter(1, of: group), of: group) == .notOurs)
            #expect(try letters(group).count == 1)
        }

        /// Another letter, or one that never came through, leaves the entry to the session.
        @Test func `one whose answer was lost is looked for among the last`() async throws {
            let group = try LiveGroup(entries: 30)
            try group.read(30, by: "a")
            for number in UInt64(1)...29 { _ = try await bury(letter(number, of: group), of: group) }
            try group.run("XGROUP", "DELCONSUMER", group.stream, group.name, "a")
            for (number, expected) in [(UInt64(2), Burial.buriedBefore), (30, .notOurs)] {
                var again = try letter(number, of: group)
                again.mayBeWritten = true
                #expect(try await bury(again, of: group) == expected)
            }
            #expect(try letters(group).count == 29)
        }

        @Test func `another's entry is not buried`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "b")
            #expect(try await bury(letter(1, of: group), of: group) == .notOurs)
            #expect(try letters(group) == [])
            #expect(try group.pending() == [Pending(1, "b", 1)])
        }

        @Test func `an entry whose letter cannot be written stays pending`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("SET", target(group), "no stream")
            let command = try letter(1, of: group).command(into: target(group))
            #expect(await group.refusal(of: command)?.serverError?.kind == .wrongType)
            #expect(try group.pending() == [Pending(1, "a", 1)])
            try group.run("DEL", target(group))
            #expect(try await bury(letter(1, of: group), of: group) == .buried)
        }

        @Test func `so it does when the server has no memory left`() async throws {
            let live = try await LiveServer.start()
            let group = try LiveGroup(entries: 1, on: live)
            try group.read(1, by: "a")
            try group.run("CONFIG", "SET", "maxmemory", "1")
            let command = try letter(1, of: group).command(into: target(group))
            #expect(await group.refusal(of: command)?.serverError?.kind == .transient)
            #expect(try group.pending() == [Pending(1, "a", 1)])
            try group.run("CONFIG", "SET", "maxmemory", "0")
            #expect(try await bury(letter(1, of: group), of: group) == .buried)
            #expect(try group.pending() == [])
            await live.client.close()
        }

        @Test func `an entry that is no longer in the stream gets its letter, too`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("XDEL", group.stream, "1-0")
            #expect(try await bury(letter(1, of: group), of: group) == .buried)
            #expect(try group.pending() == [])
            #expect(try letters(group).count == 1)
        }

        @Test func `of an entry that nobody has the letter is written without looking for an owner`() async throws {
            let group = try LiveGroup(entries: 1)
            var letter = try letter(1, of: group)
            letter.isOwnerless = true
            #expect(try await bury(letter, of: group) == .buried)
            #expect(try letters(group).count == 1)
        }

        /// Lua cannot hand over more: those are acknowledged by a command of their own.
        @Test(arguments: [(3490, 0), (3491, 1), (20_000, 1)])
        func `entries of thousands of fields are written whole`(count: Int, stillPending: Int) async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            let fields = EntryFields(
                (0..<count).map { (name: Array("f\($0)".utf8)[...], value: Array("\($0)".utf8)[...]) })
            #expect(try await bury(letter(1, of: group, fields: fields), of: group) == .buried)
            #expect(try group.pending().count == stillPending)
            let written = try #require(try letters(group).first)
            #expect(written.elements.count == 16 + 2 * count)
            #expect(written["field.f\(count - 1)"]?.text == "\(count - 1)")
        }

        @Test func `thousands at once, every other one another's`() async throws {
            let group = try LiveGroup(entries: 2000)
            for number in UInt64(1)...2000 { try group.read(1, by: number.isMultiple(of: 2) ? "b" : "a") }
            let commands = try (1...2000).map { try letter($0, of: group).command(into: target(group)) }
            let replies = await group.live.client.pipeline(commands).map { try? $0.get() }
            #expect(replies == (1...2000).map { $0.isMultiple(of: 2) ? .notOurs : .buried })
            #expect(try letters(group).map { $0["id"]?.text } == stride(from: 1, to: 2000, by: 2).map { "\($0)-0" })
            #expect(try group.pending() == stride(from: 2, through: 2000, by: 2).map { Pending($0, "b", 1) })
        }
    }
}
