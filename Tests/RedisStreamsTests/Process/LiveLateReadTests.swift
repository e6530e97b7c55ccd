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

        /// - Parameter others: so many, the oldest, are pending for another consumer.
        init(messages: Int, others: Int = 0, deadline: Duration = .seconds(5)) async throws {
            let live = try await LiveRedis.start(deadline: deadline)
            let group = live.redis.consumerGroup("g", of: ["s"])
            let options = ProcessOptions(consumer: "c", count: 4, prefetch: 0).sound
            let board = WorkBoard(options, group.streamNames, consumer: "c")
            let owner = OwnerMark(consumer: "c", token: "token", claimAfter: options.abandonedAfter)
            let session = WorkerSession(group, 0, options, owner, board)
            (self.live, self.group, self.board, self.session) = (live, group, board, session)
            try await live.redis.stream("s").add(contentsOf: (0..<messages).map { ["n": $0] })
            if others > 0 {
                try await group.create()
                #expect(try await group.consumer("other")["s"].read(count: others).count == others)
            }
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

    /// What is not found as ours may have gone with the group.
    @Test func `who asks whether the group is the same gets an answer of Redis`() async throws {
        let scene = try await Scene(messages: 12)
        let epoch = await scene.session.epoch
        #expect(await scene.session.isCertain(ofEpoch: epoch))
        try await scene.live.eventually("another group, and nothing is answered for a while") {
            _ = try $0.command("MULTI")
            _ = try $0.command("XGROUP", "DESTROY", "s", "g")
            _ = try $0.command("XGROUP", "CREATE", "s", "g", "$")
            _ = try $0.command("CLIENT", "PAUSE", "500", "ALL")
            return try $0.command("EXEC").elements.count == 3
        }
        let session = scene.session
        // The first asks, the others while it waits.
        let answers = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<3 { group.addTask { await session.isCertain(ofEpoch: epoch) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == [false, false, false])
        await scene.end()
    }

    /// They are lower than what was read, and there.
    @Test func `what was taken from others hides no removal before that`() async throws {
        let scene = try await Scene(messages: 12, others: 4)
        _ = try await scene.group["s"].removeConsumer("c", force: true)
        await scene.session.take(from: "other", silentFor: .zero)
        #expect(scene.board.count(0) == 12)
        await scene.session.verify(number: nil)
        try await scene.waitUntilRestored(12)
        await scene.end()
    }

    @Test func `no answer is no certainty`() async throws {
        let scene = try await Scene(messages: 12, deadline: .milliseconds(200))
        let epoch = await scene.session.epoch
        try await scene.live.eventually("nothing is answered for a while") {
            try $0.command("CLIENT", "PAUSE", "1000", "ALL").text == "OK"
        }
        #expect(await !scene.session.isCertain(ofEpoch: epoch))
        await scene.end()
    }

    @Test func `what is acknowledged while Redis is asked for what is pending is not taken back`() async throws {
        let scene = try await Scene(messages: 8)
        let first = try #require(scene.board.ids(0).min())
        try await scene.live.eventually("nothing is answered for a while") {
            try $0.command("CLIENT", "PAUSE", "500", "ALL").text == "OK"
        }
        // Its reply comes behind that to the question.
        await scene.session.adopt { scene.board.didSettle([first], 0) }
        #expect(scene.board.count(0) == 7 && !scene.board.holds(first, 0))
        await scene.end()
    }
}

extension WorkerSession {
    /// Adopts what is its own, and does something else while it waits for the answer.
    fileprivate func adopt(_ meanwhile: () -> Void) async {
        takeover.backlog = Backlog(lost: 1)
        let adopting = Task { await adoptBacklog() }
        for _ in 0..<100 { await Task.yield() }
        meanwhile()
        #expect(await adopting.value == nil)
    }
}
