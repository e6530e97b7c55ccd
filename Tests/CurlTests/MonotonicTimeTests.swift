import Testing

@testable import FootbridgeCurl

struct MonotonicTimeTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    @Test(
        arguments: [
            (Duration.zero, 1_000_000_000),
            (.nanoseconds(1), 1_000_000_001),
            (.milliseconds(-1), 999_000_000),
            (.seconds(3), 4_000_000_000),
            (.seconds(Int64.max / 1_000_000_000), Int64.max),
            (.seconds(Int64.max), .max),
            // A duration saturates first.
            (.seconds(Int64.min), .min + 1_000_000_000),
            (.seconds(-10_000_000_000), .min + 1_000_000_000),
        ] as [(Duration, Int64)])
    func `adding a duration saturates at the ends`(duration: Duration, nanoseconds: Int64) {
        #expect(start + duration == MonotonicTime(nanoseconds: nanoseconds))
    }

    @Test func `so does going back`() {
        #expect(MonotonicTime(nanoseconds: -2) + .seconds(Int64.min) == MonotonicTime(nanoseconds: .min))
    }

    @Test func `a difference is the duration between`() {
        #expect(start + .milliseconds(1500) - start == .milliseconds(1500))
        #expect(start - (start + .seconds(2)) == .seconds(-2))
        #expect(MonotonicTime(nanoseconds: .max) - start == .nanoseconds(Int64.max - 1_000_000_000))
    }

    @Test(
        arguments: [
            (Duration.zero, 0, 0),
            (.milliseconds(1999), 1_999_000_000, 1999),
            (.microseconds(1999), 1_999_000, 1),
            (.seconds(-1) + .nanoseconds(1), -999_999_999, -999),
            (.seconds(Int64.max), .max, 9_223_372_036_854),
            (.seconds(Int64.min), .min, -9_223_372_036_854),
            (.seconds(Int64.max) * 2, .max, 9_223_372_036_854),
            (.seconds(Int64.min) * 2, .min, -9_223_372_036_854),
        ] as [(Duration, Int64, Int64)])
    func `a duration in whole numbers`(duration: Duration, nanoseconds: Int64, milliseconds: Int64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
        #expect(duration.wholeMilliseconds == milliseconds)
    }

    @Test func `the clock does not go back`() {
        let times = (0..<10_000).map { _ in MonotonicTime.now }
        #expect(times == times.sorted())
    }
}
