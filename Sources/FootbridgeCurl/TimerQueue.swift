internal import HeapModule

/// A timer of a `CurlLoop`, for cancelling it.
public struct LoopTimer: Hashable, Sendable {
    fileprivate let number: UInt64
}

/// Timers in the order of their deadlines. A cancelled one stays in the heap, without its body, until it is due.
struct TimerQueue {
    private struct Entry: Comparable {
        let deadline: MonotonicTime
        let timer: LoopTimer

        static func < (left: Entry, right: Entry) -> Bool {
            (left.deadline, left.timer.number) < (right.deadline, right.timer.number)
        }
    }

    private var heap = Heap<Entry>()
    private var bodies: [LoopTimer: () -> Void] = [:]
    private var count: UInt64 = 0

    var next: MonotonicTime? { heap.min?.deadline }

    mutating func add(at deadline: MonotonicTime, _ body: @escaping () -> Void) -> LoopTimer {
        count += 1
        let timer = LoopTimer(number: count)
        bodies[timer] = body
        heap.insert(Entry(deadline: deadline, timer: timer))
        return timer
    }

    mutating func cancel(_ timer: LoopTimer) {
        bodies[timer] = nil
        if heap.count > 64, heap.count > 4 * bodies.count {
            heap = Heap(heap.unordered.filter { bodies[$0.timer] != nil })
        }
    }

    /// Takes the body of the next timer that is due, `nil` when none is. One at a time: a body may add and cancel timers.
    mutating func takeDue(_ now: MonotonicTime) -> (() -> Void)? {
        while let first = heap.min {
            let body = bodies[first.timer]
            guard body == nil || first.deadline <= now else { return nil }
            heap.removeMin()
            bodies[first.timer] = nil
            if let body { return body }
        }
        return nil
    }
}
