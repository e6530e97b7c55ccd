import FootbridgeCurl
import TestSupport
import Testing

@testable import RedisStreams

/// Reads that were under way while others took a silent worker's messages over.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveLateReadTests {
    @Test(arguments: [true, false])
    func `what a read brings that was sent before others took over is theirs, if it is not found`(isSentBefore: Bool)
        async throws
    {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let options = ProcessOptions(consumer: "c", count: 4, prefetch: 0).sound
        let board = WorkBoard(options, group.streamNames, consumer: "c")
        let owner = OwnerMark(consumer: "c", token: "token", claimAfter: options.abandonedAfter)
        let session = WorkerSession(group, 0, options, owner, board)
        // As many as it keeps in memory, so that it reads nothing more, and what the late read brings.
        try await live.redis.stream("s").add(contentsOf: (0..<12).map { ["n": $0] })
        let running = Task { try? await session.run() }
        while board.count(0) < 8 { try await Task.sleep(for: .milliseconds(5)) }
        let (before, late) = (MonotonicTime.now, try await group.consumer("c")["s"].read(count: 4))
        #expect(late.count == 4 && board.count(0) == 8)
        let moved = try await live.redis.call(
            .move(
                from: "c", to: "other", silentFor: .zero, after: .open, count: 100, stream: Array("s".utf8), group: "g")
        )
        #expect(moved.count == 12)
        #expect(try await group.consumer("other")["s"].acknowledge(moved.map(\.id)) == 12)
        await session.verify(number: board.tenure(0) { $0.beginVerification() })
        #expect(board.count(0) == 0)
        let epoch = await session.epoch
        await session.take(
            late.map { StreamEntry(id: $0.id, fields: $0.fields) }, sentIn: epoch, at: isSentBefore ? before : .now)
        await session.verify(number: board.tenure(0) { $0.beginVerification() })
        if isSentBefore {
            #expect(await session.epoch == epoch)
            #expect(board.count(0) == 0)
            #expect(try await group["s"].pendingSummary().count == 0)
        } else {
            // Our consumer was removed since, with what it had: nobody but us knows of it.
            while try await group["s"].pendingSummary().consumers != ["c": 4] {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(board.count(0) == 4)
        }
        running.cancel()
        await running.value
        await live.redis.close()
    }
}
