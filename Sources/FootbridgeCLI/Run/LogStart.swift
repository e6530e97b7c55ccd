import Footbridge
import Logging

enum LogStart {
    /// Sets the process's log up as configured; to be called once.
    static func start(_ config: LogConfig) -> Logger {
        let level = Logger.Level(rawValue: config.level.rawValue) ?? .info
        let handler = LogSetup.makeHandler(level: level, format: config.format)
        LoggingSystem.bootstrap { _ in handler }
        return Logger(label: "footbridge")
    }
}
