import Testing

@testable import Footbridge

@Suite struct LatencyHistogramTests {
    /// Nearest rank on the sorted values: the definition, without buckets.
    private func exact(_ percent: Double, of sorted: [Int64]) -> Int64 {
        sorted[max(1, Int((Double(sorted.count) * percent / 100).rounded(.up))) - 1]
    }

    private func values(seed: UInt64, count: Int) -> [Int64] {
        var random = SplitMix64(state: seed)
        // Even on a logarithmic scale from 1.1 µs to 1000 s.
        return (0..<count).map { _ in
            let octave = Int64.random(in: 0...29, using: &random)
            return min(Int64.random(in: 1_100...2_200, using: &random) << octave, 1_000_000_000_000)
        }
    }

    @Test(arguments: [1, 2, 3, 99, 1_000, 100_000])
    func `percentiles are within 1.6 percent of the sorted values`(count: Int) throws {
        for seed in 1...5 {
            let values = values(seed: UInt64(seed), count: count)
            var histogram = LatencyHistogram()
            for value in values { histogram.record(nanoseconds: value) }
            let sorted = values.sorted()
            for percent in [0, 1, 10, 50, 90, 99, 99.9, 100] {
                let expected = Double(exact(percent, of: sorted))
                let found = try #require(histogram.percentile(percent)) / .nanoseconds(1)
                #expect(abs(found - expected) <= expected / 64 + 1, "p\(percent) of \(count), seed \(seed)")
            }
            #expect(histogram.percentile(0) == .nanoseconds(sorted[0]))
            #expect(histogram.percentile(100) == .nanoseconds(sorted[count - 1]))
        }
    }

    @Test func `nothing recorded has no percentile`() {
        #expect(LatencyHistogram().percentile(50) == nil)
    }

    @Test func `hostile values count and do not trap`() {
        var histogram = LatencyHistogram()
        for value in [Int64.min, -1, 0, 1, .max] { histogram.record(nanoseconds: value) }
        histogram.record(.seconds(Int64.max))
        histogram.record(.seconds(Int64.min))
        #expect(histogram.count == 7)
        #expect(histogram.percentile(.nan) == .zero)
        #expect(histogram.percentile(-5) == .zero)
        #expect(histogram.percentile(500) == .nanoseconds(Int64.max))
    }

    @Test func `a duration counts as its nanoseconds`() {
        var durations = LatencyHistogram()
        var numbers = LatencyHistogram()
        durations.record(.milliseconds(1500))
        numbers.record(nanoseconds: 1_500_000_000)
        #expect(durations == numbers)
    }

    @Test func `merging two is recording both`() {
        let (left, right) = (values(seed: 7, count: 500), values(seed: 8, count: 900))
        var merged = LatencyHistogram()
        var other = LatencyHistogram()
        var both = LatencyHistogram()
        for value in left { merged.record(nanoseconds: value) }
        for value in right { other.record(nanoseconds: value) }
        for value in left + right { both.record(nanoseconds: value) }
        merged.merge(other)
        #expect(merged == both)
        merged.merge(LatencyHistogram())
        #expect(merged == both)
    }

    @Test func `what came since then has the counts, the sum and nearly the percentiles of what came alone`() throws {
        let (before, after) = (values(seed: 9, count: 700), values(seed: 10, count: 1_000))
        var histogram = LatencyHistogram()
        for value in before { histogram.record(nanoseconds: value) }
        let earlier = histogram
        for value in after { histogram.record(nanoseconds: value) }
        let difference = histogram.since(earlier)
        #expect(difference.count == 1_000)
        #expect(abs(difference.totalSeconds - after.reduce(0) { $0 + Double($1) } / 1e9) < 1e-6)
        let sorted = after.sorted()
        for percent in [0.0, 1, 50, 99, 100] {
            let expected = Double(exact(percent, of: sorted))
            let found = try #require(difference.percentile(percent)) / .nanoseconds(1)
            #expect(abs(found - expected) <= expected / 32 + 1, "p\(percent)")
        }
        #expect(histogram.since(histogram) == LatencyHistogram())
        #expect(histogram.since(LatencyHistogram()) == histogram)
    }

    @Test func `the share up to a limit counts the limit and nothing that is 1.6 percent beyond it`() {
        var histogram = LatencyHistogram()
        for milliseconds in [1, 5, 10, 100, 1_000, 60_000] { histogram.record(.milliseconds(milliseconds)) }
        // The limit itself is within half a bucket of its edge, so it is moved by that much to be sure of it.
        for (count, milliseconds) in [(0, 0), (1, 1), (2, 5), (3, 10), (4, 100), (5, 1_000), (6, 60_000)] {
            #expect(histogram.count(upTo: .microseconds(milliseconds * 1016)) == UInt64(count))
        }
        #expect(histogram.count(upTo: .milliseconds(98)) == 3)
        #expect(histogram.count(upTo: .seconds(-1)) == 0)
        #expect(histogram.count(upTo: .seconds(Int64.max)) == 6)
        #expect(histogram.totalSeconds == 61.116)
    }
}

/// The generator of <https://prng.di.unimi.it/splitmix64.c>, so that a failure can be had again.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
