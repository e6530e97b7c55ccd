import Testing

@testable import Footbridge

@Suite struct LogTimeTests {
    /// From `date -u -d @SECONDS +%FT%TZ`.
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_614_265_330_123, "2021-02-25T15:02:10.123Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
        ] as [(Int64, String)])
    func `times are written in UTC`(milliseconds: Int64, expected: String) {
        #expect(LogTime.iso8601(milliseconds: milliseconds) == expected)
    }
}
