internal import FootbridgeCurl

/// Counts of latencies in buckets that grow with the value: 30 octaves from 1 µs (1,024 ns) to 1,100 s, each divided in 32.
///
/// A percentile is off by at most 1.6 % (half a bucket). Fixed memory, 7,680 bytes; what lies outside the range counts
/// in the first or the last bucket, while the smallest and the largest value are exact.
public struct LatencyHistogram: Sendable, Equatable {
    private var buckets = [UInt64](repeating: 0, count: bucketCount)
    /// How many values were recorded.
    public private(set) var count: UInt64 = 0
    /// All values together, in nanoseconds. A whole number of that size would overflow, a sum of this one gets less exact.
    private var sum = 0.0
    private var smallest = Int64.max
    private var largest = Int64.min

    public init() {}

    /// Counts one latency. About two nanoseconds; a negative one (a clock that jumped) counts as zero.
    @inline(__always)
    public mutating func record(nanoseconds: Int64) {
        let value = max(nanoseconds, 0)
        let index = Self.bucket(of: UInt64(truncatingIfNeeded: value))
        buckets[index] &+= 1
        count &+= 1
        sum += Double(value)
        smallest = min(smallest, value)
        largest = max(largest, value)
    }

    public mutating func record(_ latency: Duration) {
        let (seconds, attoseconds) = latency.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        record(nanoseconds: overflow || carry ? (seconds < 0 ? 0 : .max) : sum)
    }

    /// The value that `percent` of all recorded ones do not exceed (nearest rank), or `nil` if there are none.
    public func percentile(_ percent: Double) -> Duration? {
        guard count > 0 else { return nil }
        let share = percent > 0 ? min(percent, 100) / 100 : 0  // NaN is 0, too
        let rank = UInt64((Double(count) * share).rounded(.up))
        guard rank > 1 else { return .nanoseconds(smallest) }
        guard rank < count else { return .nanoseconds(largest) }
        var seen: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            seen += UInt64(bucket)
            if seen >= rank { return .nanoseconds(min(max(Self.middle(of: index), smallest), largest)) }
        }
        return .nanoseconds(largest)
    }

    /// Adds the counts of another one, of another worker for example.
    public mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        count &+= other.count
        sum += other.sum
        smallest = min(smallest, other.smallest)
        largest = max(largest, other.largest)
    }

    /// What was recorded since this one was as `earlier`. The smallest and the largest value are only as exact as a bucket.
    public func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        guard earlier.count > 0 else { return self }
        var difference = LatencyHistogram()
        for index in buckets.indices where buckets[index] != earlier.buckets[index] {
            difference.buckets[index] = buckets[index] &- earlier.buckets[index]
            if difference.count == 0 { difference.smallest = max(smallest, Self.start(of: index)) }
            difference.largest = min(largest, Self.start(of: index + 1) - 1)
            difference.count &+= difference.buckets[index]
        }
        difference.sum = sum - earlier.sum
        return difference
    }

    /// All values together, in seconds.
    public var totalSeconds: Double { sum / 1e9 }

    /// How many values are at most `limit`, which is moved to the nearest edge of a bucket: by at most 1.6 %.
    public func count(upTo limit: Duration) -> UInt64 {
        let nanoseconds = max(0, limit.wholeNanoseconds)
        let last = Self.bucket(of: UInt64(nanoseconds))
        let whole = buckets[..<last].reduce(0, &+)
        return nanoseconds >= Self.middle(of: last) ? whole &+ buckets[last] : whole
    }

    private static let firstOctave = 10
    private static let octaves = 30
    private static let stepBits = 5
    private static let bucketCount = octaves << stepBits

    /// The highest bit is the octave, the five bits behind it are the step in it.
    @inline(__always)
    private static func bucket(of value: UInt64) -> Int {
        guard value >= 1 << firstOctave else { return 0 }
        guard value < 1 << (firstOctave + octaves) else { return bucketCount - 1 }
        let octave = 63 &- value.leadingZeroBitCount
        let step = Int(truncatingIfNeeded: value &>> (octave &- stepBits)) & ((1 << stepBits) - 1)
        return (octave &- firstOctave) << stepBits | step
    }

    private static func middle(of index: Int) -> Int64 {
        let start = edge(of: index)
        return start + (edge(of: index + 1) - start) / 2
    }

    /// The smallest value that counts in a bucket: what is below the range counts in the first one, too, and what is above
    /// it in the last.
    private static func start(of index: Int) -> Int64 {
        index == 0 ? 0 : index == bucketCount ? .max : edge(of: index)
    }

    private static func edge(of index: Int) -> Int64 {
        let octave = firstOctave + index >> stepBits
        return Int64(1) << octave + Int64(index & ((1 << stepBits) - 1)) << (octave - stepBits)
    }
}
