import Glibc
public import Logging

/// Makes the log handler of the process; lines go to standard error, or to the journal.
public enum LogSetup {
    /// A handler for `LoggingSystem.bootstrap`.
    ///
    /// Sets SIGPIPE to be ignored: a reader of the log that goes away must not end the bridge.
    /// - Parameters:
    ///   - level: The lowest level that is written.
    public static func makeHandler(level: Logger.Level, format: LogFormat) -> any LogHandler {
        makeHandler(level: level, format: format, journal: { JournalSocket() })
    }

    /// Whether what it takes becomes entries of the journal.
    public static func writesToJournal(_ handler: any LogHandler) -> Bool { handler is JournalLogHandler }

    /// - Parameter journal: gives the journal's socket; `nil` if there is none.
    static func makeHandler(
        level: Logger.Level, format: LogFormat, sink: LogSink = .standardError, journal: () -> JournalSocket?,
        variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> any LogHandler {
        signal(SIGPIPE, SIG_IGN)
        switch LogOutput(descriptor: sink.descriptor, variable: variable).form(format) {
        case .json: return JSONLogHandler(level: level, sink: sink)
        case .text(let style): return TextLogHandler(level: level, style: style, sink: sink)
        case .journal:
            // Without its socket, in a container for example, standard error is as good.
            guard let socket = journal() else { return TextLogHandler(level: level, style: .journal, sink: sink) }
            return JournalLogHandler(level: level, socket: socket, sink: sink)
        }
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

    enum Form: Equatable {
        case text(TextLogHandler.Style)
        case json
        /// With fields.
        case journal
    }

    func form(_ format: LogFormat) -> Form {
        switch format {
        case .journald: .journal
        case .json: .json
        case .auto where isJournal: .journal
        case .auto where !isTerminal: .json
        case .auto, .text: .text(isJournal ? .journal : isTerminal && wantsColour ? .coloured : .plain)
        }
    }
}
