import Testing

@testable import footbridge

struct DurationArgumentTests {
    @Test(
        arguments: [
            ("250ms", .milliseconds(250)), ("0s", .zero), ("10s", .seconds(10)), ("5m", .seconds(300)),
            ("2h", .seconds(7200)), ("1d", .seconds(86_400)),
        ] as [(String, Duration)])
    func `a duration is a whole number and its unit`(text: String, duration: Duration) {
        #expect(DurationArgument(argument: text)?.duration == duration)
    }

    @Test(arguments: [
        "", "5", "007", "s", "-1s", "+1s", "1.5s", "5 s", "5S", "5sec", "٥s", "1w", "9223372036854775807h", "25000h",
        "1001d",
    ])
    func `anything else is refused`(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }
}
