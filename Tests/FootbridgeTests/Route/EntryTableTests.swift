import FootbridgeCurl
import Foundation
import RedisStreams
import TestThreads
import Testing

@testable import Footbridge

@Suite(.longRunning) struct EntryTableTests {
    private func key(_ number: Int, _ stream: Int = 0) -> EntryKey {
        EntryKey(stream: stream, id: EntryID(milliseconds: UInt64(number), sequence: 7))
    }

    private func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }
    private let body = EntryFields(["type": "a"])

    private func drained(_ table: inout EntryTable) -> [UInt64] {
        var numbers: [UInt64] = []
        while let row = table.next() {
            numbers.append(table.key(row).id.milliseconds)
            _ = table.start(row, wall: 1)
        }
        return numbers
    }

    /// Entries of which some have had an attempt.
    private func queued(_ attempts: [Int]) -> EntryTable {
        var table = EntryTable(streams: 1)
        for (number, attempts) in attempts.enumerated() {
            if attempts == 0 {
                _ = table.queue(key(number), body)
            } else {
                table.wait(key(number), due: time(0), attempts: attempts, firstAt: 1)
                if let row = table.takeDue(time(0)) { table.queueAgain(row, body) }
            }
        }
        return table
    }

    @Test func `the way of an entry that is delivered at its second attempt`() throws {
        var table = EntryTable(streams: 1)
        let found = table.queue(key(1), body)
        let row = try #require(found)
        #expect(table.place(row) == .queued && table.busy == 1 && table.attempts(row) == 0)
        #expect(table.next() == row)
        #expect(table.start(row, wall: 500) == 1)
        #expect(table.place(row) == .inFlight && table.firstAt(row) == 500 && table.fields(row) == body)
        table.wait(row, due: time(9))
        #expect(table.place(row) == .waiting && table.busy == 0 && table.fields(row) == nil)
        #expect(table.nextDue == time(9) && table.takeDue(time(8)) == nil)
        #expect(table.takeDue(time(9)) == row)
        #expect(table.place(row) == .fetching && table.busy == 1)
        table.queueAgain(row, body)
        #expect(table.queuedRepeats == 1 && table.next() == row)
        #expect(table.start(row, wall: 900) == 2)
        #expect(table.firstAt(row) == 500 && table.repeatsInFlight == 1)
        table.settle(row)
        #expect(table.place(row) == .settling && table.repeatsInFlight == 0 && table.contains(key(1)))
        table.remove(row)
        #expect(table.count == 0 && !table.contains(key(1)) && table.count(of: 0) == 0)
    }

    @Test func `an entry is here once`() {
        var table = EntryTable(streams: 2)
        #expect(table.queue(key(1), body) != nil)
        #expect(table.queue(key(1), body) == nil)
        #expect(table.wait(key(1), due: time(0), attempts: 1, firstAt: 0) == nil)
        #expect(table.settle(key(1), attempts: 1) == nil)
        #expect(table.queue(key(1, 1), body) != nil)
        #expect(table.count == 2 && table.count(of: 0) == 1 && table.count(of: 1) == 1)
    }

    @Test func `entries of one kind go in the order they came`() {
        var fresh = queued([0, 0, 0, 0])
        var again = queued([1, 11, 1, 2])
        #expect(drained(&fresh) == [0, 1, 2, 3])
        #expect(drained(&again) == [0, 1, 2, 3])
    }

    /// A backlog of either kind must not hold up the other.
    @Test func `every other free slot is for a repeat while there are fresh entries, and the reverse`() {
        var manyRepeats = queued([1, 1, 1, 1, 1, 1, 0, 0])
        #expect(drained(&manyRepeats) == [6, 0, 7, 1, 2, 3, 4, 5])
        var manyFresh = queued([0, 0, 0, 0, 0, 0, 1, 1])
        #expect(drained(&manyFresh) == [0, 6, 1, 7, 2, 3, 4, 5])
    }

    @Test func `an entry that may not go is passed over and keeps its place`() {
        var table = queued([0, 0, 0])
        let row = table.next { $0.id.milliseconds != 0 }
        #expect(row.map { table.key($0).id.milliseconds } == 1)
        if let row { _ = table.start(row, wall: 1) }
        #expect(drained(&table) == [0, 2])
    }

    /// A request that was never made is no attempt; one that was made and is not charged raises the number all the same.
    @Test func `numbers only rise, and what is charged is counted apart`() throws {
        var table = queued([0])
        let found = table.next()
        let row = try #require(found)
        #expect(table.start(row, wall: 1) == 1)
        table.takeBack(row)
        #expect(table.attempts(row) == 0 && table.next() == row)
        #expect(table.start(row, wall: 1) == 1)
        table.wait(row, due: time(1), isCharged: false)
        #expect(table.attempts(row) == 1 && table.charged(row) == 0)
        #expect(table.takeFirst() == row)
        table.queueAgain(row, body)
        #expect(table.next() == row)
        #expect(table.start(row, wall: 1) == 2)
        #expect(table.startAgain(row) == 3)
        #expect(table.attempts(row) == 3 && table.charged(row) == 2)
    }

    @Test func `when all become due they go in the order they would have, and what waits from then on waits`() {
        var table = EntryTable(streams: 1)
        for (number, due) in [(1, 50), (2, 7), (3, 30)] {
            table.wait(key(number), due: time(Int64(due)), attempts: 1, firstAt: 1)
        }
        table.makeAllDue(time(10))
        table.wait(key(4), due: time(11), attempts: 1, firstAt: 1)
        var order: [UInt64] = []
        while let row = table.takeDue(time(10)) { order.append(table.key(row).id.milliseconds) }
        #expect(order == [2, 3, 1])
        #expect(table.nextDue == time(11))
    }

    @Test(arguments: 0..<10) func `whichever is taken out of the middle, the others are due in order`(removed: Int) {
        // In the heap of these what takes the place of 9 is due before what stands above that.
        let dues: [Int64] = [4, 7, 1, 2, 3, 9, 6, 8, 5, 0]
        var table = EntryTable(streams: 1)
        for (number, due) in dues.enumerated() { table.wait(key(number), due: time(due), attempts: 1, firstAt: 1) }
        if let row = table.row(of: key(removed)) { table.remove(row) }
        var order: [Int64] = []
        while let row = table.takeDue(time(99)) { order.append(dues[Int(table.key(row).id.milliseconds)]) }
        #expect(order == dues.filter { $0 != dues[removed] }.sorted())
    }

    @Test func `of those that are due at once the oldest goes first`() {
        var table = EntryTable(streams: 1)
        for number in [3, 1, 4, 2] { table.wait(key(number), due: time(5), attempts: 1, firstAt: 1) }
        var order: [UInt64] = []
        while let row = table.takeDue(time(5)) { order.append(table.key(row).id.milliseconds) }
        #expect(order == [1, 2, 3, 4])
    }

    @Test func `an entry that may be settled is one until its body shows that it is not`() throws {
        var table = EntryTable(streams: 2)
        let found = table.queue(key(1), EntryFields([:]))
        let row = try #require(found)
        _ = table.queue(key(2), EntryFields([:]))
        _ = table.next()
        _ = table.start(row, wall: 1)
        table.setMayBeSettled(row)
        table.wait(row, due: time(1), isCharged: false)
        #expect(table.maybeSettled(of: 0) == [key(1).id] && table.maybeSettled(of: 1) == [])
        #expect(table.takeDue(time(1)) == row)
        #expect(table.maybeSettled(of: 0) == [key(1).id])
        table.queueAgain(row, EntryFields([:]))
        #expect(table.maybeSettled(of: 0) == [])
        table.setMayBeSettled(row)
        table.remove(row)
        #expect(table.maybeSettled(of: 0) == [])
    }

    /// The fetch writes the attempt that begins: a count that still waits to be written would be too low by then.
    @Test func `who is fetched has no count to be written any more`() throws {
        var table = EntryTable(streams: 1)
        let found = table.wait(key(1), due: time(1), attempts: 1, firstAt: 1)
        let row = try #require(found)
        table.setUncounted(row, true)
        #expect(table.isUncounted(row) == true)
        #expect(table.takeDue(time(1)) == row)
        #expect(table.isUncounted(row) == false)
    }

    @Test func `what rests can be removed, what is under way stays`() throws {
        var table = queued([0, 0, 1, 0])
        let found = table.next()
        let inFlight = try #require(found)
        _ = table.start(inFlight, wall: 1)
        table.wait(key(9), due: time(3), attempts: 1, firstAt: 1)
        #expect(table.resting(of: 0).map(\.milliseconds).sorted() == [1, 2, 3, 9])
        #expect(table.removeResting(of: 0) { $0.milliseconds != 3 } == 3)
        #expect(table.resting(of: 0).map(\.milliseconds) == [3])
        #expect(table.contains(key(0)) && table.count == 2 && table.nextDue == nil)
    }

    /// Whoever remembers rows asks where they are before anything else.
    @Test func `a row that is remembered is free when the table has given its memory back`() throws {
        var table = EntryTable(streams: 1)
        var rows: [EntryTable.Row] = []
        for number in 0...4 * RecordStore.chunk {
            let row = table.wait(key(number), due: time(0), attempts: 1, firstAt: 1)
            rows.append(try #require(row))
        }
        #expect(table.removeResting(of: 0) { _ in true } == rows.count)
        #expect(rows.allSatisfy { table.place($0) == .free })
        // Fewer than before.
        let row = table.queue(key(0), body)
        #expect(rows.filter { table.place($0) != .free } == [row])
    }

    #if !FOOTBRIDGE_SANITIZED  // A sanitizer has memory of its own.
        /// The process is one of its own, so that nothing else moves its memory.
        @Test func `a million waiting entries take 64 bytes each`() async {
            await #expect(processExitsWith: .success) {
                let before = residentBytes()
                var table = EntryTable(streams: 1)
                for number in 0..<1_000_000 {
                    let id = EntryID(milliseconds: 1_772_442_927_250 + UInt64(number / 3), sequence: UInt64(number % 3))
                    let due = MonotonicTime(nanoseconds: Int64(number &* 7_919 % 1_000_003) * 1_000_000)
                    table.wait(EntryKey(stream: 0, id: id), due: due, attempts: 1, firstAt: 1_772_442_927_250)
                }
                let after = residentBytes()
                print("a million waiting entries: RSS \(before / 1024) KiB before, \(after / 1024) KiB after")
                precondition(table.count(.waiting) == 1_000_000 && after - before <= 64_000_000)
            }
        }

        @Test func `after a backlog its memory goes back`() async {
            await #expect(processExitsWith: .success) {
                let before = residentBytes()
                var table = EntryTable(streams: 1)
                let keys = (0..<100_000).map { EntryKey(stream: 0, id: EntryID(milliseconds: UInt64($0))) }
                for key in keys { table.wait(key, due: MonotonicTime(nanoseconds: 0), attempts: 1, firstAt: 1) }
                let full = residentBytes()
                for key in keys { if let row = table.row(of: key) { table.remove(row) } }
                let after = residentBytes()
                print(
                    "a hundred thousand entries: RSS \((full - before) / 1024) KiB, \((after - before) / 1024) KiB after"
                )
                precondition(full - after >= 3_000_000)
            }
        }
    #endif

    // MARK: - Random walks

    /// What the table should say, in the plainest way.
    private struct Model {
        var places: [EntryKey: EntryTable.Place] = [:]
        var attempts: [EntryKey: Int] = [:]
        var dues: [EntryKey: Int64] = [:]
    }

    @Test(arguments: 1...12) func `after any sequence of moves each entry is in one place and all counts agree`(
        seed: Int
    ) {
        var random = SeededRandom(seed: UInt64(seed))
        var table = EntryTable(streams: 3)
        var model = Model()
        func any(_ place: EntryTable.Place) -> EntryTable.Row? {
            model.places.filter { $0.value == place }.keys
                .min { ($0.id, $0.stream) < ($1.id, $1.stream) }.flatMap { table.row(of: $0) }
        }
        for step in 0..<3000 {
            let key = key(Int.random(in: 0..<300, using: &random), Int.random(in: 0..<3, using: &random))
            let due = Int64.random(in: 0..<1000, using: &random)
            switch Int.random(in: 0..<11, using: &random) {
            case 0, 1:
                let row = table.queue(key, body)
                #expect((row == nil) == (model.places[key] != nil))
                if row != nil { (model.places[key], model.attempts[key]) = (.queued, 0) }
            case 2:
                let row = table.wait(key, due: time(due), attempts: 2, firstAt: 1)
                #expect((row == nil) == (model.places[key] != nil))
                if row != nil { (model.places[key], model.attempts[key], model.dues[key]) = (.waiting, 2, due) }
            case 3, 4:
                guard let row = table.next() else {
                    #expect(!model.places.values.contains(.queued))
                    continue
                }
                let key = table.key(row)
                #expect(model.places[key] == .queued)
                model.attempts[key, default: 0] += 1
                #expect(table.start(row, wall: 5) == model.attempts[key])
                model.places[key] = .inFlight
            case 5:
                guard let row = any(.inFlight) else { continue }
                let key = table.key(row)
                table.wait(row, due: time(due))
                (model.places[key], model.dues[key]) = (.waiting, due)
            case 6:
                guard let row = any(.inFlight) else { continue }
                model.places[table.key(row)] = .settling
                table.settle(row)
            case 7:
                let now = Int64.random(in: 0..<1000, using: &random)
                let first = model.places.filter { $0.value == .waiting }.keys.map { model.dues[$0] ?? 0 }.min()
                guard let row = table.takeDue(time(now)) else {
                    #expect(first.map { $0 > now } ?? true)
                    continue
                }
                let key = table.key(row)
                #expect(model.places[key] == .waiting && model.dues[key] == first)
                model.places[key] = .fetching
            case 8:
                guard let row = any(.fetching) else { continue }
                model.places[table.key(row)] = .queued
                table.queueAgain(row, body)
            case 9:
                guard let row = any(.settling) else { continue }
                model.places[table.key(row)] = nil
                table.remove(row)
            default:
                let (parity, stream) = (UInt64(step % 2), step % 3)
                let expected = model.places.filter { key, place in
                    key.stream == stream && key.id.milliseconds % 2 == parity && key.id.milliseconds < 20
                        && (place == .waiting || place == .queued)
                }
                let removed = table.removeResting(of: stream) { $0.milliseconds % 2 == parity && $0.milliseconds < 20 }
                #expect(removed == expected.count)
                for key in expected.keys { model.places[key] = nil }
            }
            check(table, model)
        }
    }

    private func check(_ table: borrowing EntryTable, _ model: Model) {
        #expect(table.count == model.places.count)
        for place in EntryTable.Place.allCases where place != .free {
            #expect(table.count(place) == model.places.values.count { $0 == place })
        }
        for stream in 0..<3 { #expect(table.count(of: stream) == model.places.keys.count { $0.stream == stream }) }
        for (key, place) in model.places { #expect(table.place(of: key) == place) }
    }
}

/// What the kernel says that this process has in memory: the second number of `/proc/self/statm`, in pages.
private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}
