/// What a decoder takes from a server at most; beyond it the connection is not worth keeping.
///
/// Nothing is allocated by an announced length or count: memory follows the bytes that arrived. A value takes 40 bytes
/// beside them, so a reply of nothing but the smallest values takes about twenty times its size.
public struct RESPLimits: Sendable, Equatable {
    /// Of one bulk string. The server's own bound (`proto-max-bulk-len`) is 512 MiB.
    public var bulkBytes: Int
    /// Values in one array, set, push, map or attribute; a map's pair is two.
    public var elements: Int
    /// Aggregates within each other, the outermost included. 256 is the most, whatever stands here.
    public var depth: Int
    /// Of a line: simple strings, errors, numbers and lengths.
    public var lineBytes: Int
    /// Of a whole reply with all that is in it.
    public var replyBytes: Int

    public init(
        bulkBytes: Int = 64 << 20,
        elements: Int = 1_048_576,
        depth: Int = 32,
        lineBytes: Int = 64 << 10,
        replyBytes: Int = 512 << 20
    ) {
        self.bulkBytes = bulkBytes
        self.elements = elements
        self.depth = depth
        self.lineBytes = lineBytes
        self.replyBytes = replyBytes
    }
}
