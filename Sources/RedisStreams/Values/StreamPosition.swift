/// A place between two entries: where a group begins, or a read goes on.
public enum StreamPosition: Sendable, Hashable {
    /// Behind the last entry: only entries added from now on (`$`).
    case latest
    /// Before the first entry: all that the stream holds (`0`).
    case beginning
    /// Behind this entry, whether it is still there or not.
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
