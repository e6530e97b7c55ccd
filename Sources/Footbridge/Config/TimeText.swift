/// Times of the calendar as the configuration has them, for the command line.
package enum TimeText {
    /// Milliseconds since 1970 of `2024-01-31`, `2024-01-31T10:00Z`, `2024-01-31T10:00:00.5+02:00`; see `ISO8601`.
    package static func milliseconds(_ text: String) throws(TimeTextError) -> UInt64 {
        do throws(Complaint) {
            return try ISO8601.milliseconds(ConfigText(text: text, shown: ConfigText.quoted(text), isLiteral: true))
        } catch {
            throw TimeTextError(description: error.message)
        }
    }

    /// `2026-02-01T03:07:08.123Z`; `nil` beyond the year 9999.
    package static func format(milliseconds: UInt64) -> String? {
        milliseconds <= lastMillisecond ? LogTime.iso8601(milliseconds: Int64(milliseconds)) : nil
    }

    private static let lastMillisecond: UInt64 = 253_402_300_799_999
}

/// What would be right.
package struct TimeTextError: Error, CustomStringConvertible {
    package let description: String
}
