import FootbridgeRESP
import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    /// What each script says when its group is destroyed, its stream deleted, or its key holds something else; the session
    /// tells these apart by the kind of the error.
    struct LostGroundTests {
        enum Script: CaseIterable {
            case fetch, own, restore, setAttempts, move, backlog, mark, register, touch, removeConsumers, survey,
                deadLetter, heartbeat, pending, lease, adopt
        }

        private func refusal(of script: Script, in group: LiveGroup) async throws -> ServerError? {
            let (stream, name) = (group.stream, group.name)
            let owner = OwnerMark(consumer: "a", token: "t", claimAfter: .seconds(9))
            let error: RedisError? =
                switch script {
                case .fetch:
                    await group.refusal(of: .fetch([(.at(1), 2)], stream: stream, group: name, consumer: "a"))
                case .own:
                    await group.refusal(
                        of: .own(from: .open, to: .at(1), stream: stream, group: name, owner: owner, lease: nil))
                case .restore:
                    await group.refusal(of: .restore([(.at(1), 2)], stream: stream, group: name, consumer: "a"))
                case .setAttempts:
                    await group.refusal(of: .setAttempts([(.at(1), 2)], stream: stream, group: name, consumer: "a"))
                case .move:
                    await group.refusal(
                        of: .move(
                            from: "a", to: "b", silentFor: .zero, after: .open, count: 9, stream: stream, group: name))
                case .backlog:
                    await group.refusal(
                        of: .backlog(count: 9, bytes: 9, stream: stream, group: name, consumer: "a", lease: nil))
                case .lease:
                    await group.refusal(
                        of: .lease(for: owner, mayTakeFree: true, isAcquainted: true, stream: stream, group: name))
                case .adopt:
                    await group.refusal(
                        of: .adopt(
                            for: "a", lease: "", after: .open, count: 9, takesAll: false, needsFields: true,
                            stream: stream, group: name))
                case .mark:
                    await group.refusal(of: .mark("m", isPlaceKnown: false, stream: stream, group: name))
                case .register:
                    await group.refusal(
                        of: .register(owner, replacing: "", stream: stream, group: name))
                case .touch: await group.refusal(of: .touch(["a"], stream: stream, group: name))
                case .removeConsumers:
                    await group.refusal(of: .removeConsumers(["a"], silentFor: .zero, stream: stream, group: name))
                case .survey: await group.refusal(of: .survey(stream: stream, group: name, mark: "m"))
                case .deadLetter:
                    await group.refusal(
                        of: DeadLetter(
                            row: try anyRow(), key: EntryKey(stream: 0, id: .at(1)), stream: stream, route: "r",
                            group: name, consumer: "a", reason: .trimmed, attempts: 1, firstAt: 0, lastAt: 0,
                            response: [], fields: EntryFields([:])
                        ).command(into: "{\(stream)}:dead"))
                case .heartbeat: await group.refusal(of: .heartbeat(stream: stream, group: name, consumer: "a"))
                case .pending:
                    await group.refusal(
                        of: .pending(stream: stream, group: name, consumer: "a", from: .open, count: 9))
                }
            return error?.serverError
        }

        private func hasLetter(_ group: LiveGroup) throws -> Bool {
            try group.run("EXISTS", "{\(group.stream)}:dead") == 1
        }

        @Test(arguments: Script.allCases) func `the group is gone`(script: Script) async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.destroy()
            #expect(try await refusal(of: script, in: group)?.kind == .noGroup)
            #expect(try group.run("XINFO", "GROUPS", group.stream) == [], "nothing makes a group but `createGroup`")
            #expect(try !hasLetter(group))
        }

        /// `NOGROUP` or `ERR no such key`: which of them depends on the command that meets it first.
        @Test(arguments: Script.allCases) func `the stream is gone`(script: Script) async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("DEL", group.stream)
            let error = try #require(try await refusal(of: script, in: group))
            #expect(error.kind == .noGroup || error.isNoSuchKey, "\(error)")
            #expect(try group.run("EXISTS", group.stream) == 0)
            #expect(try !hasLetter(group))
        }

        @Test(arguments: Script.allCases) func `the key holds something else`(script: Script) async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("SET", group.stream, "text")
            #expect(try await refusal(of: script, in: group)?.kind == .wrongType)
            #expect(try group.run("GET", group.stream) == "text")
            #expect(try !hasLetter(group))
        }

        @Test func `figures of a key that is gone, or holds something else, are refused`() async throws {
            let group = try LiveGroup(entries: 1)
            let figures = StreamCommand(StreamBacklog.command(stream: group.stream, group: group.name)) { _ in () }
            try group.run("DEL", group.stream)
            #expect(await group.refusal(of: figures)?.serverError?.isNoSuchKey == true)
            try group.run("SET", group.stream, "text")
            #expect(await group.refusal(of: figures)?.serverError?.kind == .wrongType)
        }

        @Test func `a group is not put back on a key that is gone, or holds something else`() async throws {
            let group = try LiveGroup(entries: 1)
            let putBack = StreamCommand.putBack(
                to: .zero, mark: GroupMark(name: "m@1-0"), stream: group.stream, group: group.name)
            try group.run("DEL", group.stream)
            #expect(await group.refusal(of: putBack)?.serverError?.isNoSuchKey == true)
            try group.run("SET", group.stream, "text")
            #expect(await group.refusal(of: putBack)?.serverError?.kind == .wrongType)
        }
    }
}
