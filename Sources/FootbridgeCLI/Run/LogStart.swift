import Footbridge
import Logging

enum LogStart {
    /// Sets the process's log up as configured; to be called once.
    static func start(_ config: LogConfig) -> Logger {
        let level = Logger.Level(rawValue: config.level.rawValue) ?? .info
        let handler = LogSetup.makeHandler(level: level, format: config.format)
        let changeable = LogThreshold.process.handler(handler, config.level)
        LoggingSystem.bootstrap { _ in changeable }
        let logger = Logger(label: "footbridge")
        if config.format == .journald, !LogSetup.writesToJournal(handler) {
            logger.warning("there is no journal here: the log goes to standard error")
        }
        return logger
    }
}
