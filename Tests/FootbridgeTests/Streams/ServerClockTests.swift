import FootbridgeCurl
import FootbridgeRESP
import RedisStreams
import Testing

@testable import Footbridge

struct ServerClockTests {
    /// Whether each reading shows a step. Of a reading: when it was asked, how long that took, what the server's clock said.
    private func steps(_ readings: [(asked: Double, took: Double, server: Int64)]) -> [Bool] {
        var clock = ServerClock()
        return readings.map { asked, took, server in
            clock.didStep(server: server, sentAt: at(asked), answeredAt: at(asked + took))
        }
    }

    @Test func `a clock that goes is no step, nor is one that drifts by less than a second between two readings`() {
        #expect(
            steps([(0, 0, 50_000), (10, 0.002, 60_001), (20, 0, 70_900), (30, 0, 81_800)])
                == [false, false, false, false])
    }

    @Test func `a clock that is set shows once, forwards and backwards`() {
        #expect(
            steps([(0, 0, 50_000), (10, 0, 61_500), (20, 0, 71_500), (30, 0, 70_000), (40, 0, 80_000)])
                == [false, true, false, true, false])
    }

    @Test func `an answer that took long may be as wrong as it took`() {
        #expect(steps([(0, 0, 50_000), (10, 4, 66_900), (20, 0, 70_000)]) == [false, false, true])
    }

    @Test func `no time that a server may tell is a trap`() {
        for time in [Int64.min, .max] {
            var clock = ServerClock()
            let (before, after) = (MonotonicTime(nanoseconds: 0), MonotonicTime(nanoseconds: 1))
            let steps = [0, time].map { clock.didStep(server: $0, sentAt: before, answeredAt: after) }
            #expect(steps == [false, true])
        }
    }

    @Test func `the time is seconds and microseconds, anything else is none`() {
        func words(_ words: String...) -> RESPValue {
            .array(RESPArray(words.map { .bulkString(ArraySlice($0.utf8)) }))
        }
        #expect(ServerClock.time(words("1772442927", "250999")) == 1_772_442_927_250)
        #expect(ServerClock.time(words("1772442927")) == nil)
        #expect(ServerClock.time(nil) == nil)
    }
}
