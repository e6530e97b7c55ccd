/// The numbers of attempts, and the waits between them.
extension History {
    /// Each attempt has a higher number than the one before it, whoever makes it, and none is beyond `retry.attempts`.
    func attemptsRise(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var (highest, across, anew, forgotten, repeated) = (0, 0, 0, 0, 0)
        for (number, places) in byEntry.enumerated() {
            // What a frozen bridge had begun leaves it late: others have made further attempts meanwhile.
            let places = places.filter { exposure.thawed[$0] == nil }
            for (place, next) in zip(places, places.dropFirst()) {
                let (first, second) = (receipts[Int(place)], receipts[Int(next)])
                if first.run != second.run { across += 1 }
                if second.attempt > first.attempt { continue }
                // Who holds an entry knows its attempts; who reads it anew or takes it over knows what Redis does.
                let goesByRedis = second.attempt == 1 || first.run != second.run
                if isRepeatedByLibcurl(first, second) {
                    repeated += 1
                } else if goesByRedis, !exposure.rereads(of: first.id, before: second.received).isEmpty {
                    anew += 1
                } else if goesByRedis, exposure.isForgotten(Int(place), by: second.received) {
                    forgotten += 1
                } else {
                    failures.append("does not rise: \(text(ofEntry: number))")
                }
            }
            let last = places.map { Int(receipts[Int($0)].attempt) }.max() ?? 0
            highest = max(highest, last)
            if last > Settings.attempts { failures.append("more than \(Settings.attempts): \(text(ofEntry: number))") }
        }
        let short = letters.filter { $0.reason.hasPrefix("exhausted") && $0.attempts != Settings.attempts }
        return Check(
            "attempts rise across instances",
            "up to \(highest), \(across) times on another process than before, \(anew) began anew with their group, "
                + "\(forgotten) forgotten by a master that died, "
                + "\(repeated) sent again by libcurl within the attempt",
            failures: failures + short.map { "exhausted after \($0.attempts): \($0.id?.description ?? "?")" })
    }

    /// A request on a kept connection that ends before a byte of the answer is sent again on a new one: the receiver may
    /// have closed the connection before the request came (`Curl_retry_request` in libcurl's lib/transfer.c). It is the same
    /// to the byte, its time included.
    func isRepeatedByLibcurl(_ first: Receipt, _ second: Receipt) -> Bool {
        first.sent.nanoseconds == 0 && first.run == second.run && first.attempt == second.attempt
            && first.timestamp == second.timestamp
    }

    /// The wait before each retry is what backoff and Retry-After ask for, at least.
    func retryLaw() -> Check {
        var failures: [String] = []
        var (count, shortest) = (0, Double.infinity)
        for (number, places) in byEntry.enumerated() {
            for (first, second) in zip(places, places.dropFirst()).map({ (receipts[Int($0)], receipts[Int($1)]) }) {
                guard first.run == second.run, second.attempt == first.attempt + 1, !first.isAccepted,
                    let end = end(of: first)
                else { continue }
                var least = Self.wait(afterAttempt: Int(first.attempt)) * (1 - Settings.backoff.jitter)
                if first.answer == .status429 { least = max(least, Double(Settings.retryAfter)) }
                let gap = second.received - end
                count += 1
                shortest = min(shortest, gap / least)
                // The sender's clock starts before the request is here.
                if gap < least - 0.05 { failures.append("after \(gap) s, not \(least): \(text(ofEntry: number))") }
            }
        }
        return Check(
            "retries wait as the schedule says",
            "\(count) waits, the shortest \(count == 0 ? "-" : "\(Int(shortest * 100)) %") of the least",
            failures: failures)
    }

    private static func wait(afterAttempt attempt: Int) -> Double {
        var wait = Settings.backoff.initial
        for _ in 1..<max(2, attempt) where attempt > 1 { wait *= Settings.backoff.factor }
        return min(wait, Settings.backoff.maximum)
    }
}
