import FootbridgeCurl
import Testing

@testable import RedisStreams

struct WorkTableTests {
    private let start = MonotonicTime(nanoseconds: 0)

    private func key(_ number: UInt64) -> WorkKey { WorkKey(stream: 0, id: EntryID(milliseconds: number, sequence: 0)) }

    private func message(_ number: UInt64) -> Message {
        Message(stream: "s", id: EntryID(milliseconds: number, sequence: 0), fields: ["n": Int(number)])
    }

    private func add(_ number: UInt64, _ lane: String?, to table: inout WorkTable) {
        table.add(message(number), key(number), lane: lane, at: start)
    }

    @Test func `an entry that is held is not taken twice`() {
        var table = WorkTable(streams: 1)
        add(1, nil, to: &table)
        add(1, nil, to: &table)
        #expect(table.start(runner: 0)?.key == key(1))
        #expect(table.start(runner: 0) == nil)
        #expect(table.occupied == 1 && table.running == 1)
    }

    @Test func `the next of a key is ready when the one before it is done`() {
        var table = WorkTable(streams: 1)
        for number in 1...3 { add(UInt64(number), "a", to: &table) }
        add(4, "b", to: &table)
        #expect(table.start(runner: 0)?.key == key(1))
        #expect(table.start(runner: 1)?.key == key(4))
        #expect(table.start(runner: 2) == nil)
        _ = table.end(key(1), .settling)
        #expect(table.start(runner: 0)?.key == key(2))
        table.remove(key(1))
        #expect(table.rows[key(3)]?.state == .blocked)
        #expect(table.occupied == 3)
    }

    @Test func `those behind one that waits give up their fields, and are fetched when it is their turn`() {
        var table = WorkTable(streams: 1)
        for number in 1...2 { add(UInt64(number), "a", to: &table) }
        _ = table.start(runner: 0)
        _ = table.end(key(1), .counting)
        add(3, "a", to: &table)
        #expect(table.occupied == 0 && table.parked == 3)
        let due = start + .seconds(1)
        table.wait(key(1), until: due)
        table.collectDue(at: start)
        #expect(table.takeDue(0, count: 9).isEmpty)
        table.collectDue(at: due)
        #expect(table.takeDue(0, count: 9).map(\.attempt) == [2])
        table.didFetch(key(1), message(1), at: due)
        #expect(table.start(runner: 0)?.key == key(1))
        _ = table.end(key(1), .settling)
        let next = table.takeDue(0, count: 9)
        #expect(next.map(\.id) == [key(2).id] && next.map(\.attempt) == [1])
    }

    @Test func `what is taken over goes before younger ones of its key, but not before the one whose turn it is`() {
        var table = WorkTable(streams: 1)
        for number in [5, 7] { add(UInt64(number), "a", to: &table) }
        table.adopt(key(6), begun: 1, due: start, lane: "a", at: start)
        table.adopt(key(2), begun: 1, due: start, lane: "a", at: start)
        var order: [UInt64] = []
        while true {
            for (id, _) in table.takeDue(0, count: 9) {
                table.didFetch(WorkKey(stream: 0, id: id), message(id.milliseconds), at: start)
            }
            guard let (next, _) = table.start(runner: 0) else { break }
            order.append(next.id.milliseconds)
            _ = table.end(next, .settling)
        }
        #expect(order == [5, 2, 6, 7])
    }

    @Test func `an entry that was let go of is not fetched and not begun`() {
        var table = WorkTable(streams: 1)
        add(1, nil, to: &table)
        table.adopt(key(2), begun: 1, due: start, lane: nil, at: start)
        table.remove(key(1))
        table.remove(key(2))
        table.collectDue(at: start)
        #expect(table.takeDue(0, count: 9).isEmpty)
        #expect(table.start(runner: 0) == nil)
        #expect(table.occupied == 0 && table.parked == 0)
    }
}

extension WorkTable {
    fileprivate mutating func start(runner: Int) -> (key: WorkKey, message: Message)? {
        start(runner: runner) { _ in true }
    }
}
