import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct LeaseScriptTests {
        private func owner(_ consumer: String, token: String = "t", claimAfter: Duration = .seconds(20)) -> OwnerMark {
            OwnerMark(consumer: consumer, token: token, claimAfter: claimAfter)
        }

        private func ask(
            _ owner: OwnerMark, mayTakeFree: Bool = true, isAcquainted: Bool = true, in group: LiveGroup
        ) async throws -> LeaseReply {
            try await group.call(
                .lease(
                    for: owner, mayTakeFree: mayTakeFree, isAcquainted: isAcquainted, stream: group.stream,
                    group: group.name))
        }

        @Test func `a free lease is had by whoever may take it, and kept`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(2, by: "x")
            #expect(try await ask(owner("a.1"), mayTakeFree: false, in: group).lease == nil)
            let reply = try await ask(owner("a.1"), in: group)
            #expect(reply.lease?.name == "footbridge:lease:1:t:20000:a.1")
            #expect(reply.lease(of: owner("a.1")) == reply.lease && reply.position == .at(2))
            #expect(reply.lease(of: owner("a.1", token: "u")) == nil)
            try group.makeConsumer("a.1")
            let other = try await ask(owner("b.1"), in: group)
            #expect(other.lease == reply.lease && other.idle != nil && other.lease(of: owner("b.1")) == nil)
            #expect(try await ask(owner("a.1"), mayTakeFree: false, in: group).lease == reply.lease)
            #expect(
                try group.consumers().filter { $0.hasPrefix("footbridge:lease") } == ["footbridge:lease:1:t:20000:a.1"])
        }

        @Test func `a silent holder loses it, after its own patience or the other's, whichever is longer`() async throws
        {
            let group = try LiveGroup(entries: 1)
            try group.makeConsumers(["a.1", "footbridge:lease:7:t:1:a.1"])
            letPass(.milliseconds(20))
            #expect(try await ask(owner("b.1"), in: group).lease?.fence == 7)
            #expect(
                try await ask(owner("b.1", claimAfter: .milliseconds(1)), isAcquainted: false, in: group).lease?.fence
                    == 7)
            let taken = try await ask(owner("b.1", claimAfter: .milliseconds(1)), in: group)
            #expect(taken.lease?.name == "footbridge:lease:8:t:1:b.1")
            #expect(try !group.consumers().contains("footbridge:lease:7:t:1:a.1"))
        }

        @Test func `a holder whose consumer was removed keeps it as long as the lease shows life`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.makeConsumer("footbridge:lease:7:t:1:a.1")
            let reply = try await ask(owner("b.1", claimAfter: .seconds(3600)), in: group)
            #expect(reply.lease?.fence == 7 && reply.idle != nil)
            letPass(.milliseconds(20))
            #expect(try await ask(owner("b.1", claimAfter: .milliseconds(1)), in: group).lease?.fence == 8)
        }

        @Test func `another process of the holder's name has it at once`() async throws {
            let group = try LiveGroup(entries: 1)
            _ = try await ask(owner("a.1"), in: group)
            let reply = try await ask(owner("a.1", token: "u"), mayTakeFree: false, isAcquainted: false, in: group)
            #expect(reply.lease?.name == "footbridge:lease:2:u:20000:a.1")
        }

        @Test func `nothing is read without it`() async throws {
            let group = try LiveGroup(entries: 3)
            let lease = try #require(try await ask(owner("a.1"), in: group).lease)
            func read(_ lease: LeaseMark) -> StreamCommand<BacklogRead> {
                .backlog(count: 1, bytes: 1, stream: group.stream, group: group.name, consumer: "a.1", lease: lease)
            }
            #expect(try await group.call(read(lease)).entries.map(\.id) == [.at(1)])
            try group.run("XGROUP", "DELCONSUMER", group.stream, group.name, lease.name)
            #expect(await group.refusal(of: read(lease))?.isFenced == true)
            #expect(try group.pending().count == 1)
        }

        // MARK: - What is pending

        private func adopt(
            _ lease: String, after: EntryBound = .open, takesAll: Bool = false, needsFields: Bool = true,
            in group: LiveGroup
        ) -> StreamCommand<[AdoptedEntry]> {
            .adopt(
                for: "a.1", lease: lease, after: after, count: 100, takesAll: takesAll, needsFields: needsFields,
                stream: group.stream, group: group.name)
        }

        @Test func `all that Footbridges have becomes the holder's, counts kept, in the order of ids`() async throws {
            let group = try LiveGroup(entries: 5)
            for consumer in ["b.1", "other", "footbridge:released", "a.1", "b.1"] { try group.read(1, by: consumer) }
            try group.age(5, of: "b.1", deliveries: 7, idle: 60_000)
            try group.makeConsumer("footbridge:owner:t:20000:b.1")
            try group.run("XDEL", group.stream, "3-0")
            let lease = try #require(try await ask(owner("a.1"), in: group).lease).name
            let entries = try await group.call(adopt(lease, in: group))
            #expect(entries.map(\.id.milliseconds) == [1, 2, 3, 4, 5])
            #expect(entries.map(\.consumer) == ["b.1", "other", "footbridge:released", "a.1", "b.1"])
            #expect(entries.map(\.isForeign) == [false, true, false, false, false])
            #expect(entries.map(\.isTrimmed) == [false, false, true, false, false])
            #expect(entries.map { $0.fields?.integer("n") } == [1, 2, nil, 4, 5])
            #expect(entries[4].deliveryCount == 7 && entries[4].idle >= .seconds(60))
            #expect(
                try group.pending() == [
                    .init(1, "a.1", 1), .init(2, "other", 1), .init(3, "footbridge:released", 1), .init(4, "a.1", 1),
                    .init(5, "a.1", 7),
                ])
            #expect(try group.consumers().contains("footbridge:taken:t:20000:b.1"))
            let rest = try await group.call(
                adopt(lease, after: .excluded(.at(1)), takesAll: true, needsFields: false, in: group))
            #expect(
                rest.map(\.id.milliseconds) == [2, 3, 4, 5] && rest.allSatisfy { $0.fields == nil && !$0.isForeign })
            #expect(try group.pending()[1] == .init(2, "a.1", 1))
        }

        @Test func `without the lease nothing is taken`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "b.1")
            #expect(await group.refusal(of: adopt("footbridge:lease:1:t:1:a.1", in: group))?.isFenced == true)
            #expect(try group.pending() == [.init(1, "b.1", 1)])
        }
    }
}
