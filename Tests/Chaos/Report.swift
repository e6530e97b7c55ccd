import Foundation

/// What a run says of itself.
enum Report {
    static func line(_ text: String) {
        // By lines even into a pipe, where print() would keep them.
        FileHandle.standardOutput.write(Data("\(text)\n".utf8))
    }

    static func tell(_ record: FaultRecord, since start: Moment) {
        let time = String(Int((record.start - start).rounded()))
        var figures: [String] = []
        if let dark = record.darkTime { figures.append("others had its entries after \(milliseconds(dark))") }
        if let handOver = record.handOver { figures.append("handed over \(milliseconds(handOver)) after its end") }
        if record.fault.kind == .trim {
            figures.append("\(record.trimmedPending.count) pending, \(record.trimmedUnread.count) unread")
        }
        if record.hadLease { figures.append("it had the lease") }
        if let remark = record.remark { figures.append(remark) }
        figures += record.complaints
        let tail = figures.isEmpty ? "" : "  \(figures.joined(separator: "; "))"
        line("\(String(repeating: " ", count: max(0, 6 - time.count)))\(time) s  \(record.fault)\(tail)")
    }

    static func tell(_ stalls: [StallWatch.Stall], since start: Moment) {
        guard let longest = stalls.map(\.seconds).max() else { return }
        let times = stalls.prefix(10).map { "\(Int(($0.start - start).rounded())) s" }.joined(separator: ", ")
        line(
            "  the machine stood still \(stalls.count) times, for \(milliseconds(longest)) at most: at \(times)"
                + (stalls.count > 10 ? " …" : ""))
    }

    static func tell(_ checks: [Check]) {
        line("")
        for check in checks {
            line("  \(check.holds ? "ok    " : "FAILED") \(check.name): \(check.figures)")
            for failure in check.failures { line("           \(failure)") }
        }
    }

    private static func milliseconds(_ seconds: Double) -> String {
        seconds.isFinite ? "\(Int(seconds * 1000)) ms" : "never"
    }
}
