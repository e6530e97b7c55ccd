import Testing

@testable import FootbridgeCurl

struct TimerQueueTests {
    private func at(_ nanoseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

    @Test func `bodies come out in the order of their deadlines, none before`() {
        var queue = TimerQueue()
        var ran: [Int64] = []
        for deadline in [50, 10, 40, 20, 30] as [Int64] { _ = queue.add(at: at(deadline)) { ran.append(deadline) } }
        #expect(queue.next == at(10))
        while let body = queue.takeDue(at(30)) { body() }
        #expect(ran == [10, 20, 30])
        #expect(queue.next == at(40))
        while let body = queue.takeDue(at(.max)) { body() }
        #expect(ran == [10, 20, 30, 40, 50])
        #expect(queue.next == nil)
    }

    @Test func `a cancelled timer gives no body, and lets go of it at once`() {
        final class Held {}
        var queue = TimerQueue()
        var held: Held? = Held()
        weak let watched = held
        let timer = queue.add(at: at(10)) { [held] in _ = held }
        held = nil
        #expect(watched != nil)
        queue.cancel(timer)
        #expect(watched == nil)
        #expect(queue.takeDue(at(.max)) == nil)
        queue.cancel(timer)
        #expect(queue.next == nil)
    }

    @Test func `many cancelled timers do not stay`() {
        var queue = TimerQueue()
        var ran = 0
        _ = queue.add(at: at(10_000)) { ran += 1 }
        for number in 0..<20_000 { queue.cancel(queue.add(at: at(Int64(number) + 20_000)) { ran += 100 }) }
        #expect(
            Mirror(reflecting: queue).descendant("heap").map { Mirror(reflecting: $0).children.count < 200 } == true)
        while let body = queue.takeDue(at(.max)) { body() }
        #expect(ran == 1)
    }

    /// Against a sorted list.
    @Test(arguments: 0..<10 as Range<UInt64>) func `any additions and cancellations keep the order`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = TimerQueue()
        var model: [(deadline: Int64, number: Int, timer: LoopTimer)] = []
        var ran: [Int] = []
        for number in 0..<500 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let deadline = Int64.random(in: 0..<1_000_000, using: &random) * 4000 + Int64(number)
                model.append((deadline, number, queue.add(at: at(deadline)) { ran.append(number) }))
            case 5..<8 where !model.isEmpty:
                queue.cancel(model.remove(at: Int.random(in: 0..<model.count, using: &random)).timer)
            default:
                let now = Int64.random(in: 0..<400_000_000, using: &random)
                let due = model.filter { $0.deadline <= now }.sorted { $0.deadline < $1.deadline }
                model.removeAll { $0.deadline <= now }
                ran = []
                while let body = queue.takeDue(at(now)) { body() }
                #expect(ran == due.map(\.number), "seed \(seed), step \(number)")
            }
        }
    }
}

/// Xorshift64*: the same numbers for the same seed (Vigna, "An experimental exploration of Marsaglia's xorshift generators").
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 2_685_821_657_736_338_717 &+ 88_172_645_463_325_252 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 2_685_821_657_736_338_717
    }
}
