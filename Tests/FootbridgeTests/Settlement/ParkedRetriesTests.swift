import Curl
import RedisStreams
import Testing

@testable import Footbridge

struct ParkedRetriesTests {
    private func entry(_ number: Int, due: Int) -> ParkedEntry {
        ParkedEntry(
            key: EntryKey(stream: number % 3, id: EntryID(milliseconds: UInt64(number))),
            due: MonotonicTime(nanoseconds: Int64(due)), attempts: Int32(number % 12), firstAt: Int64(number))
    }

    private func drained(_ parked: inout ParkedRetries, _ now: Int) -> [ParkedEntry] {
        var taken: [ParkedEntry] = []
        while let entry = parked.takeDue(MonotonicTime(nanoseconds: Int64(now))) { taken.append(entry) }
        return taken
    }

    @Test func `nothing comes before its time, and the first first`() {
        var parked = ParkedRetries()
        for (number, due) in [50, 10, 30].enumerated() { parked.insert(entry(number, due: due)) }
        #expect(parked.nextDue == MonotonicTime(nanoseconds: 10))
        #expect(drained(&parked, 9) == [])
        #expect(drained(&parked, 30) == [entry(1, due: 10), entry(2, due: 30)])
        #expect(parked.count == 1 && parked.nextDue == MonotonicTime(nanoseconds: 50))
        #expect(drained(&parked, 50) == [entry(0, due: 50)])
        #expect(parked.count == 0 && parked.nextDue == nil)
    }

    @Test func `of entries that are due together the oldest comes first`() {
        var parked = ParkedRetries()
        for number in [7, 3, 9, 1] { parked.insert(entry(number, due: 5)) }
        #expect(drained(&parked, 5).map(\.firstAt) == [1, 3, 7, 9])
    }

    @Test func `what is removed neither comes nor counts, and may wait again`() {
        var parked = ParkedRetries()
        for number in 0..<9 { parked.insert(entry(number, due: 100 - number)) }
        let removed = parked.removeAll { $0.key.stream == 1 }
        #expect(removed == 3)
        #expect((0..<3).map { parked.count(of: $0) } == [3, 0, 3])
        #expect(!parked.contains(entry(4, due: 0).key))
        parked.insert(entry(4, due: 95))
        #expect(drained(&parked, 100).map(\.firstAt) == [8, 6, 4, 5, 3, 2, 0])
    }

    /// Against a sorted list.
    @Test(arguments: 0..<8 as Range<UInt64>) func `any order of events gives what a sorted list gives`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var parked = ParkedRetries()
        var model: [ParkedEntry] = []
        for number in 0..<1000 {
            if Int.random(in: 0..<3, using: &random) > 0 {
                let new = entry(number, due: Int.random(in: 0..<500, using: &random))
                parked.insert(new)
                model.append(new)
            } else {
                let now = Int.random(in: 0..<400, using: &random)
                let due = model.filter { $0.due.nanoseconds <= now }
                    .sorted { ($0.due.nanoseconds, $0.firstAt) < ($1.due.nanoseconds, $1.firstAt) }
                model.removeAll { $0.due.nanoseconds <= now }
                #expect(drained(&parked, now) == due, "seed \(seed), step \(number)")
            }
            #expect(parked.count == model.count)
            #expect(parked.nextDue == model.map(\.due).min())
        }
        #expect(Set(parked.entries.map(\.key)) == Set(model.map(\.key)))
    }
}
