import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct SurveyScriptTests {
        private func survey(_ group: LiveGroup, mark: String? = nil) async throws -> GroupSurvey {
            try await group.call(.survey(stream: group.stream, group: group.name, mark: mark))
        }

        /// The known one is looked for by its name; nothing may be left of looking for one that is gone.
        @Test(arguments: ["footbridge:group:m@0-0", "footbridge:group:old", nil])
        func `the group's mark is told, whichever is expected`(expected: String?) async throws {
            let group = try LiveGroup(entries: 1)
            #expect(try await survey(group, mark: expected).mark == nil)
            #expect(try group.consumers() == [])
            try group.makeConsumers(["a", "footbridge:group:m@0-0"])
            #expect(try await survey(group, mark: expected).mark == "footbridge:group:m@0-0")
            #expect(try group.consumers() == ["a", "footbridge:group:m@0-0"])
        }

        @Test func `it tells where the stream and the group stand`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.run("XGROUP", "CREATE", group.stream, "another", "5-0")
            try group.read(2, by: "a")
            try group.makeConsumer("footbridge:group:m@0-0")
            #expect(
                try await survey(group)
                    == GroupSurvey(
                        length: 5, firstID: .at(1), lastID: .at(5), added: 5, lastDelivered: .at(2),
                        mark: "footbridge:group:m@0-0", read: 2))
        }

        @Test func `an empty stream has no first entry`() async throws {
            let group = try LiveGroup()
            let expected = GroupSurvey(
                length: 0, firstID: nil, lastID: .zero, added: 0, lastDelivered: .zero, mark: nil, read: nil)
            #expect(try await survey(group) == expected)
        }

        @Test func `a stream that was emptied remembers its last`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(3, by: "a")
            try group.run("XTRIM", group.stream, "MAXLEN", "0")
            #expect(
                try await survey(group)
                    == GroupSurvey(
                        length: 0, firstID: nil, lastID: .at(3), added: 3, lastDelivered: .at(3), mark: nil, read: 3))
        }

        @Test func `a group that was moved does not know how many it has read`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.read(2, by: "a")
            try group.run("XGROUP", "SETID", group.stream, group.name, "4-0")
            #expect(
                try await survey(group)
                    == GroupSurvey(
                        length: 5, firstID: .at(1), lastID: .at(5), added: 5, lastDelivered: .at(4), mark: nil,
                        read: nil))
        }

        @Test func `entries that were trimmed unread can be counted`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.read(2, by: "a")
            try group.run("XTRIM", group.stream, "MAXLEN", "1")
            #expect(try await survey(group).lostUnread == 2)
        }

        @Test func `large entries, thousands of them, do not come along`() async throws {
            let group = try LiveGroup(entries: 5000)
            try group.add(5001...5001, padding: 8 << 20)
            try group.read(5001, by: "a")
            let found = try await survey(group)
            #expect(found.length == 5001)
            #expect(found.read == 5001)
        }
    }
}
