public import Logging
internal import Synchronization

/// The lowest level that is written, which can change while the process runs.
public final class LogThreshold: Sendable {
    /// That of the process, which has one log.
    public static let process = LogThreshold()

    private static let levels = Logger.Level.allCases
    private let index = Atomic<Int>(0)

    var level: Logger.Level { Self.levels[index.load(ordering: .relaxed)] }

    func set(_ level: LogLevel) {
        index.store(Self.levels.firstIndex { $0.rawValue == level.rawValue } ?? 0, ordering: .relaxed)
    }

    /// A handler whose level is this one, until it is given one of its own.
    public func handler(_ handler: any LogHandler, _ level: LogLevel) -> any LogHandler {
        set(level)
        return ThresholdHandler(inner: handler, threshold: self)
    }
}

private struct ThresholdHandler: LogHandler {
    var inner: any LogHandler
    let threshold: LogThreshold
    private var own: Logger.Level?

    init(inner: any LogHandler, threshold: LogThreshold) {
        (self.inner, self.threshold) = (inner, threshold)
        self.inner.logLevel = .trace
    }

    var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { inner.log(event: event) }
}
