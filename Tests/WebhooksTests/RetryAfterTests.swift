import FootbridgeWebhooks
import Testing

/// Noon of 15 July 2025, UTC.
private let now: Int64 = 1_752_580_800_000

@Suite struct RetryAfterTests {
    /// RFC 9110 §10.2.3 and the vectors of svix's worker; 2^31 by RFC 9111 §1.2.2.
    @Test(
        arguments: [
            ("0", 0), ("120", 120), ("120.0", 120), ("120.1", 121), ("120.6", 121), ("0.000001", 1), ("007", 7),
            (" 120\t", 120), ("2147483648", 2_147_483_648), ("2147483649", 2_147_483_648),
            ("2147483648.5", 2_147_483_648), ("99999999999999999999999999999", 2_147_483_648),
            // In 64 bits this is a negative number.
            ("10000000000000000000", 2_147_483_648),
        ] as [(String, Int64)])
    func `seconds are read and rounded up`(text: String, seconds: Int64) {
        #expect(RetryAfter(text, now: now) == .delay(seconds: seconds))
    }

    /// Seconds by `date -u -d … +%s`.
    @Test(
        arguments: [
            ("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_480),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("  Sun, 06 Nov 1994 08:49:37 GMT ", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Sat Jan 01 00:00:00 2000", 946_684_800),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Friday, 06-Nov-26 08:49:37 GMT", 1_793_954_977),
        ] as [(String, Int64)])
    func `all three forms of a date are read`(text: String, seconds: Int64) {
        #expect(RetryAfter(text, now: now) == .at(unixSeconds: seconds))
    }

    /// RFC 9110 §5.6.7: more than 50 years in the future means the past.
    @Test func `a year of two digits is the one within fifty years`() {
        let text = "Saturday, 06-Nov-94 08:49:37 GMT"
        #expect(RetryAfter(text, now: now) == .at(unixSeconds: 784_111_777))
        #expect(RetryAfter(text, now: 2_398_377_600_000) == .at(unixSeconds: 3_939_871_777))  // from 2046 on
        #expect(RetryAfter(text, now: 4_102_444_800_000) == .at(unixSeconds: 3_939_871_777))  // in 2100
    }

    @Test(arguments: [
        "", " ", "invalid", "-5", "-0", "+5", "1e3", "0x10", "5s", "5.", ".5", "1.5.1", "1,5", "120, 240", "1 2", "٣",
        "Wed, 21 Oct 2015 07:28:00", "Wed, 21 Oct 2015 07:28:00 UTC", "Wed, 21 Oct 2015 07:28:00 GMT.",
        "wed, 21 Oct 2015 07:28:00 GMT", "Wed,21 Oct 2015 07:28:00 GMT", "Wed, 21 oct 2015 07:28:00 GMT",
        "Wed, 1 Oct 2015 07:28:00 GMT", "Wed, 00 Oct 2015 07:28:00 GMT", "Wed, 32 Oct 2015 07:28:00 GMT",
        "Thu, 29 Feb 2023 00:00:00 GMT", "Thu, 29 Feb 2100 00:00:00 GMT", "Fri, 31 Apr 2026 00:00:00 GMT",
        "Wed, 21 Oct 2015 24:00:00 GMT", "Wed, 21 Oct 2015 07:60:00 GMT", "Wed, 21 Oct 2015 07:28:61 GMT",
        "Wed, 21 Oct 15 07:28:00 GMT", "Wed, 21 Oct 0000 07:28:00 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 GMT",
        "06 Nov 1994 08:49:37 GMT", "2015-10-21T07:28:00Z",
    ])
    func `anything else is no wish`(text: String) {
        #expect(RetryAfter(text, now: now) == nil)
    }

    @Test(arguments: [
        (RetryAfter.delay(seconds: 120), Duration.seconds(120)),
        (.delay(seconds: -1), .zero),
        (.delay(seconds: .max), .seconds(Int64.max)),
        (.at(unixSeconds: 1_752_580_860), .seconds(60)),
        (.at(unixSeconds: 1_752_580_800), .zero),
        (.at(unixSeconds: 784_111_777), .zero),
        (.at(unixSeconds: .min), .zero),
    ])
    func `the wait is never negative`(wish: RetryAfter, wait: Duration) {
        #expect(wish.wait(now: now) == wait)
    }

    @Test func `a date is reckoned to the millisecond`() {
        #expect(RetryAfter.at(unixSeconds: 2).wait(now: 1_001) == .milliseconds(999))
        #expect(RetryAfter.at(unixSeconds: .max).wait(now: .min) > .zero)
    }
}
