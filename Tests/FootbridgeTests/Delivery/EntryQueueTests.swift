import RedisStreams
import Testing

@testable import Footbridge

struct EntryQueueTests {
    private func entry(_ number: Int, attempt: Int) -> HeldEntry {
        HeldEntry(
            key: EntryKey(stream: 0, id: EntryID(milliseconds: UInt64(number))), fields: EntryFields([:]),
            attempt: attempt, firstAt: 0)
    }

    private func numbers(_ entries: some Sequence<HeldEntry>) -> [UInt64] { entries.map(\.key.id.milliseconds) }

    @Test func `first in, first out, and retries are counted`() {
        var queue = EntryQueue()
        #expect(queue.isEmpty && queue.popFirst() == nil)
        for (number, attempt) in [1, 2, 1, 12].enumerated() { queue.append(entry(number, attempt: attempt)) }
        #expect(queue.count == 4 && queue.retries == 2 && numbers(queue) == [0, 1, 2, 3])
        #expect(queue.popFirst()?.key.id == EntryID(milliseconds: 0))
        #expect(queue.popFirst()?.attempt == 2)
        #expect(queue.count == 2 && queue.retries == 1 && numbers(queue) == [2, 3])
    }

    @Test(arguments: 0..<5 as Range<UInt64>) func `any order of events gives what an array gives`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = EntryQueue()
        var model: [(number: Int, attempt: Int)] = []
        for number in 0..<2000 {
            // Long runs of either, so that it grows and empties.
            if (number / 200).isMultiple(of: 2) == (Int.random(in: 0..<10, using: &random) > 2) {
                let attempt = Int.random(in: 1...3, using: &random)
                queue.append(entry(number, attempt: attempt))
                model.append((number, attempt))
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect(queue.popFirst()?.key.id.milliseconds == expected.map { UInt64($0.number) }, "seed \(seed)")
            }
            #expect(queue.count == model.count && queue.retries == model.count { $0.attempt > 1 }, "seed \(seed)")
            #expect(queue.isEmpty == model.isEmpty)
        }
        #expect(numbers(queue) == model.map { UInt64($0.number) })
    }
}
