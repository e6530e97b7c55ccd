import Testing

@testable import RedisStreams

@Suite(.timeLimit(.minutes(1))) struct BellTests {
    /// None of those who wait is forgotten for another who comes to wait.
    @Test func `two wait, and one ring is enough`() async {
        let bell = Bell()
        let (told, tell) = AsyncStream.makeStream(of: Int.self)
        let waiting = (0..<2).map { number in
            Task {
                await bell.wait(upTo: .seconds(3600))
                tell.yield(number)
            }
        }
        while bell.waiting < 2 { await Task.yield() }
        bell.ring()
        var woken = told.makeAsyncIterator()
        let numbers = [await woken.next(), await woken.next()].compactMap(\.self)
        #expect(Set(numbers) == [0, 1])
        for task in waiting { await task.value }
    }

    @Test func `it is remembered for who comes next, once`() async {
        let bell = Bell()
        bell.ring()
        await bell.wait()
        let waiting = Task { await bell.wait() }
        while bell.waiting < 1 { await Task.yield() }
        waiting.cancel()
        await waiting.value
        #expect(bell.waiting == 0)
    }
}
