import Logging
import Testing

@testable import Footbridge

@Suite struct LogThresholdTests {
    @Test func `loggers that are there follow the level, but for those that were given one of their own`() {
        let threshold = LogThreshold()
        let handler = threshold.handler(SwiftLogNoOpLogHandler(), .info)
        let logger = Logger(label: "test") { _ in handler }
        var (named, quiet) = (logger, logger)
        named[metadataKey: "route"] = "orders"
        quiet.logLevel = .error
        #expect([logger, named, quiet].map(\.logLevel) == [.info, .info, .error])
        for level in LogLevel.allCases {
            threshold.set(level)
            #expect(logger.logLevel.rawValue == level.rawValue)
            #expect(named.logLevel == logger.logLevel)
            #expect(quiet.logLevel == .error)
        }
    }
}
