import RedisStreams
import Testing

@testable import Footbridge

struct EntryQueueTests {
    private func entry(_ number: Int, attempt: Int, stream: Int = 0) -> HeldEntry {
        HeldEntry(
            key: EntryKey(stream: stream, id: EntryID(milliseconds: UInt64(number))), fields: EntryFields([:]),
            attempt: attempt, firstAt: 0)
    }

    private func queue(_ attempts: [Int]) -> EntryQueue {
        var queue = EntryQueue()
        for (number, attempt) in attempts.enumerated() { queue.append(entry(number, attempt: attempt)) }
        return queue
    }

    private func drained(_ queue: inout EntryQueue) -> [UInt64] {
        var numbers: [UInt64] = []
        while let entry = queue.popFirst() { numbers.append(entry.key.id.milliseconds) }
        return numbers
    }

    @Test func `entries of one kind go in the order they came`() {
        var (fresh, again) = (queue([1, 1, 1, 1]), queue([2, 12, 2, 3]))
        #expect(drained(&fresh) == [0, 1, 2, 3])
        #expect(drained(&again) == [0, 1, 2, 3])
        #expect(fresh.isEmpty && fresh.popFirst() == nil)
    }

    /// A backlog of either kind must not hold up the other.
    @Test func `every other free slot is for a retry while there are fresh entries, and the reverse`() {
        var manyRetries = queue([2, 2, 2, 2, 2, 2, 1, 1])
        #expect(drained(&manyRetries) == [6, 0, 7, 1, 2, 3, 4, 5])
        var manyFresh = queue([1, 1, 1, 1, 1, 1, 2, 2])
        #expect(drained(&manyFresh) == [0, 6, 1, 7, 2, 3, 4, 5])
    }

    @Test func `retries are counted`() {
        var queue = queue([1, 2, 1, 12])
        #expect(queue.count == 4 && queue.retries == 2)
        _ = queue.popFirst()
        #expect(queue.count == 3 && queue.retries == 2)
        _ = queue.popFirst()
        #expect(queue.count == 2 && queue.retries == 1)
    }

    @Test func `what may not go lets the others pass, and keeps its place`() {
        var queue = EntryQueue()
        for number in 0..<6 { queue.append(entry(number, attempt: 1 + number % 2, stream: number / 3)) }
        let passing = queue.popFirst { $0.key.stream == 1 }
        #expect(passing?.key.id.milliseconds == 4)
        let none = queue.popFirst { $0.key.stream == 2 }
        #expect(none == nil)
        let removed = queue.removeAll { $0.key.id.milliseconds == 0 }
        #expect(removed == 1)
        #expect(drained(&queue) == [1, 2, 3, 5])
    }

    @Test(arguments: 0..<5 as Range<UInt64>) func `any order of events gives what two arrays give`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = EntryQueue()
        var model: (fresh: [Int], again: [Int], isRetryNext: Bool) = ([], [], false)
        for number in 0..<2000 {
            // Long runs of either, so that it grows and empties.
            if (number / 200).isMultiple(of: 2) == (Int.random(in: 0..<10, using: &random) > 2) {
                let attempt = Int.random(in: 1...3, using: &random)
                queue.append(entry(number, attempt: attempt))
                if attempt == 1 { model.fresh.append(number) } else { model.again.append(number) }
            } else {
                let isRetry = model.fresh.isEmpty || model.isRetryNext && !model.again.isEmpty
                var expected: Int?
                if !model.fresh.isEmpty || !model.again.isEmpty {
                    expected = isRetry ? model.again.removeFirst() : model.fresh.removeFirst()
                    model.isRetryNext = !isRetry
                }
                #expect(queue.popFirst()?.key.id.milliseconds == expected.map(UInt64.init), "seed \(seed)")
            }
            #expect(queue.count == model.fresh.count + model.again.count && queue.retries == model.again.count)
        }
        #expect(queue.map(\.key.id.milliseconds) == (model.fresh + model.again).map(UInt64.init))
    }
}
