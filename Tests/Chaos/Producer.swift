import Foundation
import Synchronization
import TestSupport

/// Adds entries at a pace, in pipelines, and writes down what became of each. An entry whose fate is unknown is never
/// added again.
final class Producer: Sendable {
    private struct State: Sendable {
        var limit = 0
        var next: Int
        var isStopped = false
        var isResting = false
    }

    private let settings: Settings
    private let redis: RedisService
    private let book: EntryBook
    private let state: Monitor<State>
    private let share = Settings.producers
    private let number: Int
    /// The last confirmed id, by stream.
    private let latest = Mutex<[Int: EntryID]>([:])

    /// - Parameter number: From 0: producer p adds the entries p, p + producers, p + 2 · producers …
    init(number: Int, settings: Settings, redis: RedisService, book: EntryBook) {
        self.number = number
        self.settings = settings
        self.redis = redis
        self.book = book
        state = Monitor(State(next: number))
        Thread.detachNewThread { self.work() }
    }

    deinit { stop() }

    func stop() { state.withLock { $0.isStopped = true } }

    /// Lets it go on up to this number.
    func produce(upTo limit: Int) { state.withLock { $0.limit = limit } }

    func rest(_ isResting: Bool) { state.withLock { $0.isResting = isResting } }

    var isDone: Bool { state.withLock { $0.next >= $0.limit } }

    private func work() {
        var probe: RedisProbe?
        // Those that Redis refused, while it loaded: they are not in the stream.
        var refused: [Int] = []
        while true {
            _ = state.wait(timeout: .seconds(1)) { $0.isStopped || ($0.next < $0.limit && !$0.isResting) }
            let (first, limit, isStopped) = state.withLock {
                ($0.next, $0.isResting ? $0.next : $0.limit, $0.isStopped)
            }
            if isStopped { return }
            guard first < limit else { continue }
            let began = Moment.now
            if probe == nil {
                probe = try? redis.master.probe()
                if probe == nil {
                    pause(0.02)
                    continue
                }
            }
            let isAgain = !refused.isEmpty
            let fresh = Array(stride(from: first, to: min(limit, first + batch * share), by: share))
            let numbers = isAgain ? refused : fresh
            let (isOpen, again) = probe.map { add(numbers, by: $0) } ?? (false, numbers)
            if !isOpen { probe = nil }
            refused = again
            if !isAgain { state.withLock { $0.next = (numbers.last ?? first) + share } }
            if !again.isEmpty { pause(0.05) }
            pause(Double(numbers.count * share) / settings.rate - (Moment.now - began))
        }
    }

    /// Some 50 batches a second.
    private var batch: Int { max(1, min(100, Int(settings.rate) / share / 50)) }

    /// Whether the connection is still good, and what Redis refused.
    private func add(_ numbers: [Int], by probe: RedisProbe) -> (isOpen: Bool, refused: [Int]) {
        var entries: [EntryBook.Entry] = []
        var commands: [[[UInt8]]] = []
        for number in numbers {
            let payload = Payload(
                seed: settings.seed, number: number, keys: settings.keys, isMarked: settings.marked.contains(number))
            entries.append(.init(digest: digest(payload.body)))
            let stream = Settings.stream(stream(of: number))
            commands.append(
                (["XADD", stream, "*"] + payload.fields.flatMap { [$0.name, $0.value] }).map { Array($0.utf8) })
        }
        // What a replica has outlives its master: only then is an entry confirmed.
        if settings.sentinels > 0 { commands.append(["WAIT", "1", "2000"].map { Array($0.utf8) }) }
        let replies = try? probe.pipeline(commands)
        let isReplicated = settings.sentinels == 0 || (replies?.last?.integer ?? 0) > 0
        for index in entries.indices {
            guard let reply = replies?[index] else {
                entries[index].outcome = .unknown
                continue
            }
            let id = reply.text.flatMap { EntryID($0, stream: stream(of: numbers[index])) }
            if case .bulk = reply, !isReplicated {
                entries[index].outcome = .unknown
            } else if case .bulk = reply, let id {
                entries[index].outcome = .ok
                entries[index].id = id
            } else {
                entries[index].outcome = .failed
            }
        }
        book.note(zip(numbers, entries).map { ($0, $1) })
        noteGaps(zip(numbers, entries).map { ($0, $1) })
        return (replies != nil, zip(numbers, entries).filter { $1.outcome == .failed }.map(\.0))
    }

    /// Between which of its own ids the stream may have what got no reply.
    private func noteGaps(_ batch: [(number: Int, entry: EntryBook.Entry)]) {
        for (stream, own) in Dictionary(grouping: batch, by: { stream(of: $0.number) }) {
            let unknown = own.filter { $0.entry.outcome == .unknown }.map(\.number)
            let confirmed = own.filter { $0.entry.outcome == .ok }.map(\.entry.id)
            if let first = confirmed.min() { book.close(producer: number, at: first) }
            let last = latest.withLock { $0[stream] }
            if !unknown.isEmpty {
                book.open(.init(producer: number, stream: stream, numbers: unknown, after: last, before: nil))
            }
            if let id = confirmed.max() { latest.withLock { $0[stream] = id } }
        }
    }

    private func stream(of number: Int) -> Int { Settings.stream(ofEntry: number, of: settings.streams) }
}
