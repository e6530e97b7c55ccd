/// A request that a `ScriptedReceiver` read, and what it did with it.
public struct ReceivedRequest: Sendable {
    public struct Header: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    /// When the request had been read whole.
    public let time: ContinuousClock.Instant
    /// Which connection it came on, counted from 0 in the order of acceptance.
    public let connection: Int
    public let method: String
    /// The request's target, with its query.
    public let path: String
    /// As they stood in the request.
    public let headers: [Header]
    public let body: [UInt8]
    /// How many requests with the same `webhook-id` came before it; 0 for one without.
    public let earlier: Int
    /// What the script chose.
    public internal(set) var action: ReceiverAction = .hang

    /// The first value of a header, whatever its case.
    public subscript(header: String) -> String? {
        headers.first { $0.name.lowercased() == header.lowercased() }?.value
    }

    public var id: String? { self["webhook-id"] }
    public var text: String { String(decoding: body, as: UTF8.self) }
}
