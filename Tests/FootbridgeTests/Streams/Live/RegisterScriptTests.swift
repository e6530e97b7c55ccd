import RedisStreams
import Testing

@testable import Footbridge

extension LiveScripts {
    struct RegisterScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func register(
            _ token: String, as consumer: String = "web.1", claimAfter: Duration = .seconds(20), replacing: String = "",
            isTold: Bool = false, in group: LiveGroup
        ) async throws -> String {
            let owner = OwnerMark(consumer: consumer, token: token, claimAfter: claimAfter)
            return try await group.call(
                .register(
                    owner, replacing: replacing, isTold: isTold, stream: group.stream, group: group.name))
        }

        @Test func `a free name is entered once, however often it is asked for`() async throws {
            let group = try LiveGroup()
            #expect(try await register("t1", in: group) == "t1")
            #expect(try await register("t1", in: group) == "t1")
            #expect(try group.consumers() == ["footbridge:owner:t1:20000:web.1"])
        }

        @Test func `a process that has the name keeps it, and its token is told`() async throws {
            let group = try LiveGroup()
            _ = try await register("t1", in: group)
            #expect(try await register("t2", in: group) == "t1")
            #expect(try await register("t2", replacing: "t0", in: group) == "t1")
            #expect(try group.consumers() == ["footbridge:owner:t1:20000:web.1"])
        }

        @Test func `a process that is known to be gone is replaced, its entries stay the consumer's`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "web.1")
            _ = try await register("t1", in: group)
            #expect(try await register("t2", replacing: "t1", in: group) == "t2")
            #expect(try group.consumers() == ["footbridge:owner:t2:20000:web.1", "web.1"])
            #expect(try group.pending() == [Pending(1, "web.1", 1)])
        }

        /// A connection that comes back registers before it asks what is left.
        @Test func `what tells of a takeover stays until its process was told, or is gone`() async throws {
            let group = try LiveGroup()
            let taken = "footbridge:taken:t1:20000:web.1"
            _ = try await register("t1", in: group)
            try group.makeConsumer(taken)
            _ = try await register("t1", in: group)
            #expect(try group.consumers().contains(taken))
            _ = try await register("t1", isTold: true, in: group)
            #expect(try !group.consumers().contains(taken))
            try group.makeConsumer(taken)
            _ = try await register("t2", replacing: "t1", in: group)
            #expect(try group.consumers() == ["footbridge:owner:t2:20000:web.1"])
        }

        @Test func `of a rival that is gone and one that lives the living one counts`() async throws {
            let group = try LiveGroup()
            try group.makeConsumer("footbridge:owner:t1:20000:web.1")
            try group.makeConsumer("footbridge:owner:t2:20000:web.1")
            #expect(try await register("t3", replacing: "t1", in: group) == "t2")
            #expect(try group.consumers().contains("footbridge:owner:t2:20000:web.1"))
            #expect(try await register("t3", replacing: "t2", in: group) != "t2")
        }

        @Test func `another claim_after of the same process takes the place of the earlier one`() async throws {
            let group = try LiveGroup()
            _ = try await register("t1", in: group)
            #expect(try await register("t1", claimAfter: .seconds(60), replacing: "t1", in: group) == "t1")
            #expect(try group.consumers() == ["footbridge:owner:t1:60000:web.1"])
        }

        @Test func `other names, longer ones among them, are nobody's rivals`() async throws {
            let group = try LiveGroup()
            let others = ["web.11", "aweb.1", "web.2", "1", "a:web.1", "1:web.1"].map {
                "footbridge:owner:t9:20000:\($0)"
            }
            try group.makeConsumers(others)
            #expect(try await register("t1", replacing: "t9", in: group) == "t1")
            #expect(try group.consumers() == (others + ["footbridge:owner:t1:20000:web.1"]).sorted())
        }

        @Test func `it finds its way among thousands of consumers`() async throws {
            let group = try LiveGroup()
            try group.makeConsumers((1...3000).map { "footbridge:owner:x\($0):20000:node-\($0).1" })
            #expect(try await register("t1", in: group) == "t1")
            #expect(try await register("t2", in: group) == "t1")
            #expect(try await register("t2", as: "node-2999.1", in: group) == "x2999")
            #expect(try await register("t2", as: "node-2999.1", replacing: "x2999", in: group) == "t2")
            #expect(try group.consumers().count == 3001)
        }
    }
}
