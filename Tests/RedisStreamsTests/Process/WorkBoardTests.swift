import FootbridgeCurl
import Testing

@testable import RedisStreams

@Suite(.timeLimit(.minutes(1))) struct WorkBoardTests {
    private func board() -> WorkBoard {
        WorkBoard(ProcessOptions().sound, ["s"], consumer: "c")
    }

    private func add(_ number: Int, to board: WorkBoard) {
        let id = EntryID(milliseconds: UInt64(number), sequence: 0)
        board.add([(id, Message(stream: "s", id: id, fields: ["n": number]))], 0)
    }

    /// Whoever waits for a message gets it when Redis has confirmed a sign of life, and not before.
    @Test func `nothing begins that may be another's`() async {
        let board = board()
        add(1, to: board)
        let job = Task { await board.next(0) }
        for _ in 0..<100 { await Task.yield() }
        #expect(board.running == 0)
        _ = board.tenure(0) { $0.confirm(sentAt: .now, answeredAt: .now) }
        #expect(await job.value?.message["n"] == "1")
        // It was silent for too long: what is left is asked for first.
        _ = board.tenure(0) { $0.beginVerification() }
        add(2, to: board)
        let next = Task { await board.next(0) }
        for _ in 0..<100 { await Task.yield() }
        #expect(board.running == 1)
        board.tenure(0) { $0.endVerification(1, answered: true) }
        #expect(await next.value?.message["n"] == "2")
    }

    @Test func `a stream in trouble holds up no other`() async throws {
        let options = ProcessOptions(concurrency: 2).sound
        let board = WorkBoard(options, ["a", "b"], consumer: "c")
        func add(_ number: Int, to stream: Int) {
            let id = EntryID(milliseconds: UInt64(number), sequence: 0)
            board.add([(id, Message(stream: stream == 0 ? "a" : "b", id: id, fields: ["n": number]))], stream)
        }
        // Of the first nothing may begin, and what was read of it fills all the room there is.
        for number in 0..<options.window { add(number, to: 0) }
        #expect(board.room(0, coming: 0, wasFull: true) == 0)
        #expect(board.room(1, coming: 0, wasFull: true) == 2)
        add(1, to: 1)
        _ = board.tenure(1) { $0.confirm(sentAt: .now, answeredAt: .now) }
        #expect(await board.next(0)?.message.stream == "b")
        #expect(board.room(1, coming: 0, wasFull: true) == 1)
        // It is well again.
        _ = board.tenure(0) { $0.confirm(sentAt: .now, answeredAt: .now) }
        #expect(await board.next(1)?.message["n"] == "0")
    }

    /// A handler may do anything when it is cancelled.
    @Test func `handlers are cancelled outside the lock, and their runners take nothing more`() async throws {
        let board = WorkBoard(ProcessOptions(losing: .cancel).sound, ["s"], consumer: "c")
        _ = board.tenure(0) { $0.confirm(sentAt: .now, answeredAt: .now) }
        add(1, to: board)
        let job = try #require(await board.next(7))
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        board.keep(
            7,
            Task {
                await withTaskCancellationHandler {
                    begin.finish()
                    try? await Task.sleep(for: .seconds(3600))
                } onCancel: {
                    board.stop()
                }
            })
        for await _ in began {}
        board.lose([job.key.id], 0)
        #expect(board.isStopped)
        #expect(board.leaves(7) && !board.leaves(7) && !board.leaves(8))
    }

    @Test func `nobody waits for a message when all is over`() async {
        let board = board()
        let job = Task { await board.next(0) }
        for _ in 0..<100 { await Task.yield() }
        board.stop()
        #expect(await job.value == nil)
        #expect(await board.next(1) == nil)
    }

    /// What is due has no fields until it is fetched, and others of its key may fill all the room there is.
    @Test func `what is due is fetched though all that is in memory waits for it`() async throws {
        let options = ProcessOptions(
            order: .byKey { _ in "x" }, backoff: Backoff(initial: .zero), count: 1, prefetch: 0)
        let board = WorkBoard(options.sound, ["s"], consumer: "c")
        _ = board.tenure(0) { $0.confirm(sentAt: .now, answeredAt: .now) }
        add(1, to: board)
        let first = try #require(await board.next(0))
        add(2, to: board)
        struct Wrong: Error {}
        // It waits for another attempt; the other one is not kept in memory meanwhile.
        board.finish(first, .failed(Wrong()))
        let settlement = board.takeSettlement()
        board.didCount(settlement.counts[0] ?? [], 0)
        _ = board.collectDue()
        #expect(board.takeDue(0, count: 10).map(\.id) == [first.key.id])
        board.didFetch([first.message], 0)
        let again = try #require(await board.next(0))
        for number in 3..<(3 + options.sound.window) { add(number, to: board) }
        board.finish(again, .handled)
        _ = board.takeSettlement()
        board.didSettle([again.key.id], 0)
        #expect(board.takeDue(0, count: 10).map(\.id) == [EntryID(milliseconds: 2, sequence: 0)])
    }
}
