/// A receiver's wish for a pause, from the header `Retry-After` (RFC 9110 §10.2.3).
///
/// Read here and not by libcurl, whose `CURLINFO_RETRY_AFTER` takes the first number of a date for seconds and lets
/// negative waits through (7.88.1, lib/http.c). How much of the wish is granted is the caller's business.
public enum RetryAfter: Equatable, Sendable {
    case delay(seconds: Int64)
    case at(unixSeconds: Int64)

    /// Reads seconds (also with a fraction, which is rounded up) or a date in one of HTTP's three forms; `nil` for
    /// anything else, negative numbers included.
    ///
    /// Numbers beyond 2^31 count as 2^31, the advice of RFC 9111 §1.2.2.
    /// - Parameter now: tells the century of a year that is written with two digits.
    public init?(_ value: some Collection<UInt8>, now unixMilliseconds: Int64) {
        let trimmed = Array(value).trimmingBlanks()
        if let seconds = Self.seconds(trimmed) {
            self = .delay(seconds: seconds)
        } else if let date = HTTPDate.unixSeconds(trimmed, now: unixMilliseconds / 1000) {
            self = .at(unixSeconds: date)
        } else {
            return nil
        }
    }

    public init?(_ value: String, now unixMilliseconds: Int64) {
        self.init(value.utf8, now: unixMilliseconds)
    }

    /// The pause from `now` on, never negative.
    public func wait(now unixMilliseconds: Int64) -> Duration {
        switch self {
        case .delay(let seconds):
            return .seconds(max(0, seconds))
        case .at(let unixSeconds):
            return max(.zero, .seconds(unixSeconds) - .milliseconds(unixMilliseconds))
        }
    }

    private static func seconds(_ text: ArraySlice<UInt8>) -> Int64? {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, isNumber(whole), parts.dropFirst().allSatisfy(isNumber) else { return nil }
        var seconds: Int64 = 0
        for digit in whole {
            seconds = min(seconds * 10 + Int64(digit - UInt8(ascii: "0")), maximumSeconds)
        }
        let hasFraction = parts.dropFirst().joined().contains { $0 != UInt8(ascii: "0") }
        return min(seconds + (hasFraction ? 1 : 0), maximumSeconds)
    }

    private static func isNumber(_ digits: ArraySlice<UInt8>) -> Bool {
        !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static let maximumSeconds: Int64 = 1 << 31
}

extension RetryAfter: CustomStringConvertible {
    public var description: String {
        switch self {
        case .delay(let seconds): "of \(seconds) s"
        case .at(let unixSeconds): "until unix time \(unixSeconds)"
        }
    }
}

extension [UInt8] {
    fileprivate func trimmingBlanks() -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let head = drop(while: isBlank)
        return head.prefix((head.lastIndex { !isBlank($0) } ?? head.startIndex - 1) - head.startIndex + 1)
    }
}
