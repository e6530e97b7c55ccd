import Footbridge
import Logging

enum LogStart {
    /// Sets the process's log up as configured; to be called once.
    static func start(_ config: LogConfig) -> Logger {
        let level = Logger.Level(rawValue: config.level.rawValue) ?? .info
        let json: Bool? =
            switch config.format {
            case .auto: nil
            case .text: false
            case .json: true
            }
        let handler = LogSetup.makeHandler(level: level, json: json)
        LoggingSystem.bootstrap { _ in handler }
        return Logger(label: "footbridge")
    }
}
