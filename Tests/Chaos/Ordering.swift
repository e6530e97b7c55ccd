import ArgumentParser

/// Which entries the bridges deliver one after another.
enum Ordering: String, Sendable, CaseIterable, ExpressibleByArgument {
    case none
    /// Those of each key.
    case key
    /// All of a stream.
    case strict
}

extension Settings {
    /// What entries that come one after another have in common.
    struct Lane: Hashable {
        let stream: Int
        /// `nil` if all of the stream do.
        let key: Int?
    }

    /// `nil` if an entry waits for no other.
    func lane(ofEntry number: Int) -> Lane? {
        let stream = Settings.stream(ofEntry: number, of: streams)
        return switch ordering {
        case .none: nil
        case .key: Lane(stream: stream, key: number % keys)
        case .strict: Lane(stream: stream, key: nil)
        }
    }
}

extension Fault.Kind {
    /// Whether the order outlives it (docs/delivery.md, “Order”).
    var keepsOrder: Bool { ![.destroyGroup, .flushAll].contains(self) && !losesWrites }
}
