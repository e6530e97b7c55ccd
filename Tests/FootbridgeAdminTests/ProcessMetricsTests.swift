import Foundation
import Testing

@testable import FootbridgeAdmin

@Suite struct ProcessMetricsTests {
    /// From a machine, the name changed to a hostile one; field 22 counted by `cut -d' ' -f22`.
    @Test func `a name with spaces and parentheses does not shift the fields`() {
        let tail = "S 1 1 1 0 -1 4194560 1500 0 10 0 12 34 0 0 20 0 4 0 987654 105000000 1200 18446744073709551615"
        #expect(ProcessMetrics.startTicks("42 (a) b (c) " + tail) == 987_654)
        #expect(ProcessMetrics.startTicks("42 (a) S 1") == nil)
        #expect(ProcessMetrics.startTicks("") == nil)
    }

    @Test func `the second number of statm is what is in memory`() {
        #expect(ProcessMetrics.residentPages("25634 1200 900 5 0 700 0\n") == 1200)
        #expect(ProcessMetrics.residentPages("") == nil)
    }

    @Test func `this process is told of plausibly`() throws {
        let metrics = ProcessMetrics.current()
        let now = Date().timeIntervalSince1970
        #expect(try #require(metrics.startTime) <= now + 1)
        #expect(try #require(metrics.startTime) > now - 3600)
        #expect(try #require(metrics.residentBytes) > 1_000_000)
        #expect(try #require(metrics.openDescriptors) >= 3)
        #expect(try #require(metrics.cpuSeconds) > 0)
    }
}
