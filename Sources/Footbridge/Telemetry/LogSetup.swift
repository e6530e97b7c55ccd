import Glibc
public import Logging

/// Makes the log handler of the process; lines go to standard error.
public enum LogSetup {
    /// A handler for `LoggingSystem.bootstrap`.
    ///
    /// Sets SIGPIPE to be ignored: a reader of the log that goes away must not end the bridge.
    /// - Parameters:
    ///   - level: The lowest level that is written.
    ///   - json: `true` for JSON, `false` for text, `nil` for text on a terminal or in the journal and JSON otherwise.
    public static func makeHandler(level: Logger.Level, json: Bool?) -> any LogHandler {
        signal(SIGPIPE, SIG_IGN)
        let sink = LogSink.standardError
        let output = LogOutput(descriptor: sink.descriptor, variable: { getenv($0).map { String(cString: $0) } })
        if let style = output.textStyle(json: json) { return TextLogHandler(level: level, style: style, sink: sink) }
        return JSONLogHandler(level: level, sink: sink)
    }
}

/// What is at the other end of the log's descriptor.
struct LogOutput: Equatable {
    var isTerminal: Bool
    var isJournal: Bool
    /// Whether the terminal may get colours: `NO_COLOR` (<https://no-color.org>) is unset or empty, and it is not dumb.
    var wantsColour: Bool

    /// - Parameter variable: looks an environment variable up.
    init(descriptor: Int32, variable: (String) -> String?) {
        isTerminal = isatty(descriptor) == 1
        var status = stat()
        let name = fstat(descriptor, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
        // systemd.exec(5): the variable holds device and inode, so that a redirected stderr is not taken for the journal.
        isJournal = name != nil && name == variable("JOURNAL_STREAM")
        wantsColour = (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    }

    /// The style of the text form, or `nil` if the form is JSON.
    func textStyle(json: Bool?) -> TextLogHandler.Style? {
        guard !(json ?? !(isTerminal || isJournal)) else { return nil }
        if isJournal { return .journal }
        return isTerminal && wantsColour ? .coloured : .plain
    }
}
