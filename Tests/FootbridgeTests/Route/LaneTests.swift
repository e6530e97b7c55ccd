import FootbridgeCurl
import RedisStreams
import Testing

@testable import Footbridge

/// Entries of a table whose order is kept.
struct LaneTests {
    private func key(_ number: Int) -> EntryKey { EntryKey(stream: 0, id: EntryID(milliseconds: UInt64(number))) }
    private func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }
    private let body = EntryFields(["n": "1"])

    /// Numbers in two lanes, the even ones and the odd ones.
    private func table(_ numbers: [Int]) -> EntryTable {
        var table = EntryTable(streams: 1, isOrdered: true)
        for number in numbers { _ = table.queue(key(number), body, lane: UInt64(number % 2)) }
        return table
    }

    private func started(_ table: inout EntryTable) -> [UInt64] {
        var numbers: [UInt64] = []
        while let row = table.next() {
            numbers.append(table.key(row).id.milliseconds)
            _ = table.start(row, wall: 1)
        }
        return numbers
    }

    private func end(_ number: Int, _ table: inout EntryTable) {
        guard let row = table.row(of: key(number)) else { return }
        if table.place(row) != .settling { table.settle(row) }
        table.remove(row)
    }

    @Test func `the next of a lane goes when the one before it has gone`() {
        var table = table([1, 2, 3, 4, 5])
        #expect(started(&table) == [1, 2])
        #expect(table.count(.blocked) == 3 && table.busy == 5)
        // Its end is decided, and Redis has not confirmed it.
        if let row = table.row(of: key(1)) { table.settle(row) }
        #expect(started(&table) == [])
        end(1, &table)
        #expect(started(&table) == [3])
        end(2, &table)
        end(3, &table)
        #expect(started(&table) == [4, 5])
        #expect(table.count(.blocked) == 0 && table.laneCount == 2)
        end(4, &table)
        end(5, &table)
        #expect(table.count == 0 && table.laneCount == 0)
    }

    @Test func `a retry holds its lane`() throws {
        var table = table([1, 2, 3])
        #expect(started(&table) == [1, 2])
        let found = table.row(of: key(1))
        let row = try #require(found)
        table.wait(row, due: time(9))
        let due = table.takeDue(time(9))
        #expect(due == row)
        #expect(started(&table) == [])
        table.queueAgain(row, body)
        #expect(started(&table) == [1])
    }

    @Test func `what makes room is the last, and comes back in its turn`() throws {
        var table = table([1, 3, 5, 7])
        #expect(started(&table) == [1])
        for number in [7, 5] {
            let parked = table.park(time(1))
            #expect(parked.map { table.key($0) } == key(number))
        }
        #expect(table.count(.parked) == 2 && table.busy == 2 && table.bodiless == 2 && table.nextDue == nil)
        end(1, &table)
        #expect(started(&table) == [3])
        end(3, &table)
        #expect(started(&table) == [])
        #expect(table.count(.waiting) == 1 && table.nextDue == time(1))
        let due = table.takeDue(time(2))
        let row = try #require(due)
        #expect(table.key(row) == key(5))
        table.queueAgain(row, body)
        #expect(started(&table) == [5])
        #expect(table.place(of: key(7)) == .parked)
    }

    @Test func `some that made room come back together`() throws {
        var table = EntryTable(streams: 1, isOrdered: true, lookahead: 2)
        for number in 1...5 { _ = table.queue(key(number), body, lane: 1) }
        #expect(started(&table) == [1])
        for _ in 2...5 { _ = table.park(time(1)) }
        end(1, &table)
        #expect(table.count(.waiting) == 2 && table.count(.parked) == 2)
        while let row = table.takeDue(time(1)) { table.queueAgain(row, body) }
        #expect(started(&table) == [2])
        #expect(table.place(of: key(3)) == .blocked)
        end(2, &table)
        #expect(started(&table) == [3])
        end(3, &table)
        #expect(table.count(.waiting) == 2 && table.count(.parked) == 0)
    }

    @Test func `one that came along for nothing comes in its turn`() throws {
        var table = EntryTable(streams: 1, isOrdered: true, lookahead: 2)
        for number in 1...3 { _ = table.queue(key(number), body, lane: 1) }
        #expect(started(&table) == [1])
        for _ in 2...3 { _ = table.park(time(1)) }
        end(1, &table)
        let due = [table.takeDue(time(1)), table.takeDue(time(1))]
        let rows = due.compactMap(\.self)
        #expect(rows.map { table.key($0) } == [key(2), key(3)])
        table.queueAgain(rows[0], body)
        table.parkAgain(rows[1])
        #expect(started(&table) == [2])
        end(2, &table)
        let next = table.takeDue(time(1))
        #expect(next == rows[1])
    }

    @Test func `an entry that comes late stands by its id, but not before the first`() {
        var table = table([3, 9])
        #expect(started(&table) == [3])
        for number in [1, 7, 5] { _ = table.queue(key(number), body, lane: 1) }
        var order: [UInt64] = []
        var last = 3
        while table.count > 0 {
            end(last, &table)
            guard let next = started(&table).first else { break }
            order.append(next)
            last = Int(next)
        }
        #expect(order == [1, 5, 7, 9])
    }

    @Test func `whatever is let go of, the others go on in order`() {
        for removed: Set<UInt64> in [[1], [5], [9], [3, 5], [1, 3], [1, 3, 5, 7, 9]] {
            var table = table([1, 3, 5, 7, 9])
            #expect(table.removeResting(of: 0) { removed.contains($0.milliseconds) } == removed.count)
            var order: [UInt64] = []
            while let number = started(&table).first {
                order.append(number)
                end(Int(number), &table)
            }
            #expect(order == [1, 3, 5, 7, 9].filter { !removed.contains($0) })
            #expect(table.count == 0 && table.laneCount == 0)
        }
    }

    @Test func `a batch takes those that follow, and gives them back`() throws {
        var table = table([1, 3, 5])
        let found = table.next()
        let first = try #require(found)
        _ = table.start(first, wall: 1)
        let follower = table.follower(first)
        let second = try #require(follower)
        #expect(table.place(second) == .blocked && table.predecessor(second) == first && !table.isFirst(second))
        _ = table.start(second, wall: 1)
        table.takeBack(second)
        #expect(table.place(second) == .blocked && table.attempts(second) == 0)
        _ = table.start(second, wall: 1)
        // The second one of a batch that failed is due before the first one.
        table.wait(first, due: time(5))
        table.wait(second, due: time(3))
        #expect(table.takeDue(time(4)) == second)
        table.queueAgain(second, body)
        #expect(table.place(second) == .blocked && started(&table) == [])
        end(1, &table)
        #expect(started(&table) == [3])
    }

    @Test func `entries that were pending wait for one another, too`() {
        var table = EntryTable(streams: 1, isOrdered: true)
        table.wait(key(1), due: time(50), attempts: 3, firstAt: 1, lane: 1)
        table.wait(key(2), due: time(1), attempts: 0, firstAt: 0, lane: 1)
        table.wait(key(3), due: time(1), attempts: 0, firstAt: 0, lane: nil)
        _ = table.queue(key(4), body, lane: 1)
        #expect(table.count(.parked) == 1 && table.count(.blocked) == 1 && table.nextDue == time(1))
        let other = table.takeDue(time(1))
        #expect(other.map { table.key($0) } == key(3) && table.takeDue(time(1)) == nil)
        end(1, &table)
        let next = table.takeDue(time(1))
        #expect(next.map { table.key($0) } == key(2))
    }

    @Test func `what is set aside is no longer ready`() {
        var table = table([1, 2, 3])
        #expect(table.setAside(of: 0, time(1)).count == 3)
        #expect(table.count(.waiting) == 2 && table.count(.parked) == 1 && table.next() == nil)
        #expect(table.resting(of: 0).count == 3)
    }

    // MARK: - Random walks

    @Test(arguments: 1...12) func `after any sequence of moves nothing is sent before an earlier one of its lane`(
        seed: Int
    ) {
        var random = SeededRandom(seed: UInt64(seed))
        var table = EntryTable(streams: 1, isOrdered: true)
        let lanes = 1 + seed % 5
        /// What is held of each lane, in the order in which it may go.
        var held: [[Int]] = Array(repeating: [], count: lanes)
        var flying: [Int] = []
        var settling: [Int] = []
        var next = 0
        func any(_ numbers: [Int]) -> EntryTable.Row? {
            numbers.randomElement(using: &random).flatMap { table.row(of: key($0)) }
        }
        func leave(_ number: Int) { held[number % lanes].removeAll { $0 == number } }
        for _ in 0..<4000 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1, 2:
                held[next % lanes].append(next)
                if Bool.random(using: &random) {
                    _ = table.queue(key(next), body, lane: UInt64(next % lanes))
                } else {
                    table.wait(key(next), due: time(0), attempts: next % 3, firstAt: 1, lane: UInt64(next % lanes))
                }
                next += 1
            case 3, 4, 5:
                guard let row = table.next() else { continue }
                let number = Int(table.key(row).id.milliseconds)
                #expect(held[number % lanes].first == number)
                _ = table.start(row, wall: 1)
                flying.append(number)
            case 6:
                guard let row = any(flying) else { continue }
                flying.removeAll { $0 == Int(table.key(row).id.milliseconds) }
                table.wait(row, due: time(0))
            case 7:
                guard let row = any(flying) else { continue }
                let number = Int(table.key(row).id.milliseconds)
                flying.removeAll { $0 == number }
                table.settle(row)
                settling.append(number)
            case 8:
                guard let row = any(settling) else { continue }
                let number = Int(table.key(row).id.milliseconds)
                settling.removeAll { $0 == number }
                table.remove(row)
                leave(number)
            case 9: if let row = table.takeDue(time(9)) { table.queueAgain(row, body) }
            case 10: _ = table.park(time(0))
            default:
                let parity = UInt64.random(in: 0..<7, using: &random)
                let gone = held.joined().filter {
                    UInt64($0 % 7) == parity && !flying.contains($0) && !settling.contains($0)
                }
                #expect(table.removeResting(of: 0) { $0.milliseconds % 7 == parity } == gone.count)
                for number in gone { leave(number) }
            }
            #expect(table.count == held.reduce(0) { $0 + $1.count })
            #expect(table.laneCount == held.count { !$0.isEmpty })
        }
        // What is left goes in order.
        for number in flying + settling {
            end(number, &table)
            leave(number)
        }
        while table.count > 0 {
            while let row = table.takeDue(time(9)) { table.queueAgain(row, body) }
            guard let number = started(&table).first else { break }
            #expect(held[Int(number) % lanes].first == Int(number))
            end(Int(number), &table)
            leave(Int(number))
            // All that were started beside it go, too.
            for other in held.joined() where table.place(of: key(other)) == .inFlight {
                end(other, &table)
                leave(other)
            }
        }
        #expect(table.count == 0)
    }
}
