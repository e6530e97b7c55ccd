import FootbridgeCurl
import TestSupport
import Testing

@testable import RedisStreams

/// Reads that were under way while others took a silent worker's messages over.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveLateReadTests {
    /// A session that reads, without heartbeats and handlers, and holds all that it keeps in memory.
    private struct Scene {
        let live: LiveRedis
        let group: ConsumerGroup
        let board: WorkBoard
        let session: WorkerSession
        let running: Task<Void, Never>

        init(messages: Int) async throws {
            let live = try await LiveRedis.start()
            let group = live.redis.consumerGroup("g", of: ["s"])
            let options = ProcessOptions(consumer: "c", count: 4, prefetch: 0).sound
            let board = WorkBoard(options, group.streamNames, consumer: "c")
            let owner = OwnerMark(consumer: "c", token: "token", claimAfter: options.abandonedAfter)
            let session = WorkerSession(group, 0, options, owner, board)
            (self.live, self.group, self.board, self.session) = (live, group, board, session)
            try await live.redis.stream("s").add(contentsOf: (0..<messages).map { ["n": $0] })
            running = Task { try? await session.run() }
            while board.count(0) < 8 { try await Task.sleep(for: .milliseconds(5)) }
        }

        /// As the session would, had it room.
        func read() async throws -> [StreamEntry] {
            try await group.consumer("c")["s"].read(count: 4).map { StreamEntry(id: $0.id, fields: $0.fields) }
        }

        /// Another worker takes all, and settles it.
        func takeOver() async throws {
            let command = StreamCommand.move(
                from: "c", to: "other", silentFor: .zero, after: .open, count: 100, stream: Array("s".utf8), group: "g")
            let ids = try await live.redis.call(command).map(\.id)
            #expect(try await group.consumer("other")["s"].acknowledge(ids) == ids.count)
        }

        func verify() async { await session.verify(number: board.tenure(0) { $0.beginVerification() }) }

        /// It puts back what its consumer had when that was removed.
        func waitUntilRestored(_ count: Int) async throws {
            while try await group["s"].pendingSummary().consumers != ["c": count] {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(board.count(0) == count)
        }

        func end() async {
            running.cancel()
            await running.value
            await live.redis.close()
        }
    }

    @Test func `what a read brings that was sent before others took over is theirs, if it is not found`() async throws {
        let scene = try await Scene(messages: 12)
        let sentAt = MonotonicTime.now
        let late = try await scene.read()
        #expect(late.count == 4 && scene.board.count(0) == 8)
        try await scene.takeOver()
        await scene.verify()
        #expect(scene.board.count(0) == 0)
        let epoch = await scene.session.epoch
        await scene.session.take(late, sentIn: epoch, at: sentAt)
        await scene.verify()
        #expect(await scene.session.epoch == epoch)
        #expect(scene.board.count(0) == 0)
        #expect(try await scene.group["s"].pendingSummary().count == 0)
        await scene.end()
    }

    @Test func `what was read after that went with the consumer, if it is not found`() async throws {
        let scene = try await Scene(messages: 12)
        let late = try await scene.read()
        try await scene.takeOver()
        await scene.verify()
        await scene.session.take(late, sentIn: await scene.session.epoch, at: .now)
        await scene.verify()
        try await scene.waitUntilRestored(4)
        await scene.end()
    }

    @Test func `what was sent before that, and is ours, is put back when the consumer is removed`() async throws {
        let scene = try await Scene(messages: 12)
        let sentAt = MonotonicTime.now
        try await scene.takeOver()
        // The server got to it later.
        let late = try await scene.read()
        await scene.verify()
        await scene.session.take(late, sentIn: await scene.session.epoch, at: sentAt)
        #expect(scene.board.count(0) == 4)
        _ = try await scene.group["s"].removeConsumer("c", force: true)
        await scene.verify()
        try await scene.waitUntilRestored(4)
        await scene.end()
    }
}
