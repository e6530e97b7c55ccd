/// Which of a table's rows come after which: those of one key, in the order of their ids.
///
/// Rows are numbers here; the table knows what they mean. Entering at the end, leaving, and every question take O(1).
struct Lanes {
    /// Of a key; keys whose hashes are equal share a lane, which costs them time and nothing else.
    private struct Lane {
        var hash: UInt64
        var first: UInt32
        var last: UInt32
        var count = 1
    }

    private static let none = UInt32.max

    private var lanes: [Lane] = []
    private var free: [UInt32] = []
    private var byHash: [UInt64: UInt32] = [:]
    /// Of each row.
    private var laneOf: [UInt32] = []
    private var before: [UInt32] = []
    private var after: [UInt32] = []

    /// Keys of which something is held.
    var count: Int { byHash.count }

    /// Nothing of its key stands before it.
    func isFirst(_ row: UInt32) -> Bool {
        guard let lane = lane(of: row) else { return true }
        return lanes[lane].first == row
    }

    /// How many are in its lane.
    func count(with row: UInt32) -> Int { lane(of: row).map { lanes[$0].count } ?? 1 }

    func next(after row: UInt32) -> UInt32? {
        guard lane(of: row) != nil, after[Int(row)] != Self.none else { return nil }
        return after[Int(row)]
    }

    func previous(before row: UInt32) -> UInt32? {
        guard lane(of: row) != nil, before[Int(row)] != Self.none else { return nil }
        return before[Int(row)]
    }

    private func lane(of row: UInt32) -> Int? {
        guard row < laneOf.count, laneOf[Int(row)] != Self.none else { return nil }
        return Int(laneOf[Int(row)])
    }

    /// - Parameter isEarlier: whether the row has a lower id than another one. The first one stays the first, for something may
    ///   be under way with it.
    /// - Returns: whether it is the first.
    mutating func enter(_ row: UInt32, _ hash: UInt64, isEarlier: (_ than: UInt32) -> Bool) -> Bool {
        grow(to: Int(row) + 1)
        guard let lane = byHash[hash] else {
            let new = Lane(hash: hash, first: row, last: row)
            if let place = free.popLast() {
                lanes[Int(place)] = new
                laneOf[Int(row)] = place
            } else {
                laneOf[Int(row)] = UInt32(lanes.count)
                lanes.append(new)
            }
            byHash[hash] = laneOf[Int(row)]
            return true
        }
        laneOf[Int(row)] = lane
        lanes[Int(lane)].count += 1
        var place = lanes[Int(lane)].last
        while place != lanes[Int(lane)].first, isEarlier(place) { place = before[Int(place)] }
        let next = after[Int(place)]
        (before[Int(row)], after[Int(row)]) = (place, next)
        after[Int(place)] = row
        if next == Self.none { lanes[Int(lane)].last = row } else { before[Int(next)] = row }
        return false
    }

    /// - Returns: the one that is the first now in its place.
    mutating func leave(_ row: UInt32) -> UInt32? {
        guard let lane = lane(of: row) else { return nil }
        let (previous, next) = (before[Int(row)], after[Int(row)])
        (laneOf[Int(row)], before[Int(row)], after[Int(row)]) = (Self.none, Self.none, Self.none)
        lanes[lane].count -= 1
        if previous != Self.none { after[Int(previous)] = next } else { lanes[lane].first = next }
        if next != Self.none { before[Int(next)] = previous } else { lanes[lane].last = previous }
        if previous == Self.none, next == Self.none {
            byHash[lanes[lane].hash] = nil
            free.append(UInt32(lane))
        }
        return previous == Self.none && next != Self.none ? next : nil
    }

    private mutating func grow(to count: Int) {
        guard laneOf.count < count else { return }
        let missing = max(count, 2 * laneOf.count) - laneOf.count
        laneOf.append(contentsOf: repeatElement(Self.none, count: missing))
        before.append(contentsOf: repeatElement(Self.none, count: missing))
        after.append(contentsOf: repeatElement(Self.none, count: missing))
    }
}
