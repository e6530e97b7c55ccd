internal import Synchronization

/// A configuration that was read, and what to look at to see that it has changed.
public struct ReadConfig: Sendable {
    public internal(set) var config: BridgeConfig
    /// Files that are read again when they change.
    public let secrets: SecretFiles
    /// Where each key of the file stands, by its path.
    let places: [String: (file: String, place: Place)]
    let file: String
    /// As the files were before they were read.
    let stamps: [FileStamp]

    /// Refuses a change of keys that are read at the start only.
    func refusal(of keys: [String]) -> ConfigErrors {
        ConfigErrors(
            problems: keys.map { key in
                let found = places[key]
                return ConfigProblem(
                    file: found?.file ?? file, place: found?.place ?? .start, path: key,
                    message: "cannot change while the bridge runs; restart it, or put back what was there")
            })
    }
}

/// Wishes to read a bridge's configuration again, one after the other: from signals, commands, and a watch of the files.
///
/// Made before the bridge, so that somebody can ask while it starts.
public final class ConfigReloads: Sendable {
    private enum State {
        case starting([CheckedContinuation<Reloader?, Never>])
        case running(Reloader)
        case over
    }

    let read: @Sendable () throws(ConfigErrors) -> ReadConfig
    let first: ReadConfig
    /// Whether the files are looked at, beside those of secrets.
    let watchesFiles: Bool
    private let state = Mutex(State.starting([]))

    /// - Parameters:
    ///   - first: what the bridge starts with.
    ///   - watchesFiles: whether a change of the files is a wish to read them again.
    ///   - read: reads and checks the files as they are now.
    public init(
        _ first: ReadConfig, watchesFiles: Bool = false,
        read: @escaping @Sendable () throws(ConfigErrors) -> ReadConfig
    ) {
        (self.first, self.watchesFiles, self.read) = (first, watchesFiles, read)
    }

    /// Reads the files again, and returns when all that they change is in effect, or nothing is.
    public func reload() async -> ReloadAnswer {
        let reloader: Reloader? = await withCheckedContinuation { continuation in
            let known: Reloader?? = state.withLock { state in
                switch state {
                case .starting(let waiting):
                    state = .starting(waiting + [continuation])
                    return nil
                case .running(let reloader): return .some(reloader)
                case .over: return .some(nil)
                }
            }
            if let known { continuation.resume(returning: known) }
        }
        return await reloader?.reload() ?? .stopping
    }

    func begin(_ reloader: Reloader) { go(to: .running(reloader), reloader) }

    func end() { go(to: .over, nil) }

    private func go(to next: State, _ reloader: Reloader?) {
        let waiting = state.withLock { state -> [CheckedContinuation<Reloader?, Never>] in
            defer { state = next }
            if case .starting(let waiting) = state { return waiting }
            return []
        }
        for continuation in waiting { continuation.resume(returning: reloader) }
    }
}
