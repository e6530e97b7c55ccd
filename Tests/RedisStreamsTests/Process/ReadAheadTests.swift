import FootbridgeCurl
import Testing

@testable import RedisStreams

struct ReadAheadTests {
    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    @Test func `it grows to the window while handlers run dry`() {
        var ahead = ReadAhead(concurrency: 1, window: 400)
        #expect(ahead.limit == 8)
        for _ in 0..<5 { ahead.ranDry() }
        #expect(ahead.limit == 256)
        ahead.ranDry()
        ahead.ranDry()
        #expect(ahead.limit == 400)
    }

    @Test func `handlers that get slow leave the rest to others`() {
        var ahead = ReadAhead(concurrency: 4, window: 400)
        for _ in 0..<9 { ahead.ranDry() }
        ahead.didSettle(1, at: time(0))
        ahead.didSettle(20, at: time(0.5))
        #expect(ahead.limit == 400)
        ahead.didSettle(10, at: time(1))
        #expect(ahead.limit == 60)
        ahead.didSettle(1, at: time(2.1))
        #expect(ahead.limit == 8)
    }

    @Test func `a pause without messages changes nothing`() {
        var ahead = ReadAhead(concurrency: 1, window: 400)
        for _ in 0..<9 { ahead.ranDry() }
        ahead.didSettle(100, at: time(0))
        ahead.didSettle(1, at: time(60))
        #expect(ahead.limit == 400)
    }
}
