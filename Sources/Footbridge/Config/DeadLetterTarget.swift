/// Where entries go that cannot be delivered.
public enum DeadLetterTarget: Sendable, Equatable {
    /// A stream beside each stream, of each route its own: `{<stream>}:dead:<route>`.
    case perStream
    case stream(String)
    /// Nowhere: they are acknowledged, counted and logged.
    case off

    /// The dead-letter stream for entries of `stream`, or `nil` if there is none.
    ///
    /// The name hashes to the same cluster slot as the stream, since one script writes to both: the braces make the
    /// stream's name the hash tag, and a name that has a tag already keeps it. (With a `}` but no tag in the stream's name
    /// there is no such name; give the route one then.)
    /// <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags>
    public func name(for stream: String, route: String) -> String? {
        switch self {
        case .perStream: Self.beside(stream, "dead:\(route)")
        case .stream(let name): name
        case .off: nil
        }
    }

    /// Where earlier versions put the dead letters of all routes of a stream; `nil` if the route names its own place.
    public func formerName(for stream: String) -> String? {
        self == .perStream ? Self.beside(stream, "dead") : nil
    }

    static func beside(_ stream: String, _ suffix: String) -> String {
        hasHashTag(stream) ? "\(stream):\(suffix)" : "{\(stream)}:\(suffix)"
    }

    /// Redis' rule: something stands between the first `{` and the first `}` after it.
    private static func hasHashTag(_ key: String) -> Bool {
        let bytes = key.utf8
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")) else { return false }
        let tag = bytes[bytes.index(after: open)...]
        guard let close = tag.firstIndex(of: UInt8(ascii: "}")) else { return false }
        return close != tag.startIndex
    }
}
