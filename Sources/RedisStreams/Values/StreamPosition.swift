/// A place between two entries: where a group begins or a read continues.
public enum StreamPosition: Sendable, Hashable {
    /// After the last entry: only entries added from now on (`$`).
    case latest
    /// Before the first entry: everything in the stream (`0`).
    case beginning
    /// After this entry, whether it still exists or not.
    case after(EntryID)

    /// As the server takes it.
    package var argument: String {
        switch self {
        case .latest: "$"
        case .beginning: "0"
        case .after(let id): id.description
        }
    }
}

/// Where a consumer group begins.
public typealias GroupPosition = StreamPosition
