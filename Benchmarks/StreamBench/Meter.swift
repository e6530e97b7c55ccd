import Foundation

/// Wall-clock and processor time from its making on.
struct Meter {
    private let start = ContinuousClock.now
    private let cpu = Self.cpuMicroseconds()

    func report(entries: Int, checksum: Int) {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        let elapsed = Double(seconds) + Double(attoseconds) / 1e18
        print(
            """
            {"entries": \(entries), "seconds": \(elapsed), "cpu_us": \(Self.cpuMicroseconds() - cpu), \
            "peak_kib": \(Self.peakKibibytes()), "checksum": \(checksum)}
            """)
    }

    /// User and system time of all threads.
    private static func cpuMicroseconds() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func microseconds(_ time: timeval) -> Int { time.tv_sec * 1_000_000 + time.tv_usec }
        return microseconds(usage.ru_utime) + microseconds(usage.ru_stime)
    }

    /// The process' own; `ru_maxrss` would start with that of whoever started it.
    private static func peakKibibytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }
}
