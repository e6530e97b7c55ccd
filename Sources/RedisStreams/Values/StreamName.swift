internal import FootbridgeRESP

/// The name of a stream in Redis, its key: bytes, usually text.
///
/// Two names are equal if their bytes are. Swift's strings are equal if they look the same, but `é` can be written in two ways,
/// which are two keys. A name that is not UTF-8 works like any other: `redis.stream(StreamName(bytes))`.
public struct StreamName: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    public init(_ text: some StringProtocol) { bytes = Array(text.utf8) }
}

extension StreamName: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}

extension StreamName: CustomStringConvertible {
    /// For people: bytes that are not UTF-8 become replacement characters.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension StreamName {
    /// From a string of a reply.
    init?(reply: RESPValue) {
        guard let bytes = reply.bytes else { return nil }
        self.init(bytes)
    }
}
