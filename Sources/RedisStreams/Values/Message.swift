#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An entry together with the stream it is from.
///
/// `id` is the entry's id, unique within its stream; messages of different streams may have the same one. `place` is unique across
/// streams.
public struct Message: Sendable, Hashable, Identifiable {
    /// The stream's key.
    public let name: StreamName
    /// The stream's key as text.
    public let stream: String
    /// The entry's id, within its stream.
    public let id: EntryID
    public let fields: EntryFields
    /// Which attempt this is, in `ConsumerGroup.process`: from 1 on, and deliveries that were postponed do not count. `nil` elsewhere:
    /// `entries`, `batches` and `read` do not ask.
    public internal(set) var deliveryCount: Int?

    /// Where a message is from: a stream and an id. No other message has the same.
    public struct Place: Sendable, Hashable {
        public let stream: StreamName
        public let id: EntryID

        public init(stream: StreamName, id: EntryID) {
            self.stream = stream
            self.id = id
        }
    }

    /// The stream and the id: the key to use where messages of several streams meet.
    public var place: Place { Place(stream: name, id: id) }

    public init(stream: String, id: EntryID, fields: EntryFields) {
        self.init(StreamName(stream), stream, id: id, fields: fields)
    }

    /// A message of a stream whose key may be any bytes.
    public init(stream: StreamName, id: EntryID, fields: EntryFields) {
        self.init(stream, stream.description, id: id, fields: fields)
    }

    init(_ name: StreamName, _ shown: String, id: EntryID, fields: EntryFields) {
        self.name = name
        stream = shown
        self.id = id
        self.fields = fields
    }

    /// The time in the id; to the millisecond, UTC.
    public var date: Date { id.date }
    /// Tells messages of one millisecond apart.
    public var sequence: UInt64 { id.sequence }

    /// The first field of this name as text; see `EntryFields.text`.
    public subscript(name: String) -> String? { fields.text(name) }
}

extension Message: CustomStringConvertible {
    /// For people: `s1 1514764800000-0 ["data": "message 1"]`.
    public var description: String { "\(stream) \(id) \(fields)" }
}

extension Message.Place: CustomStringConvertible {
    /// For people: `s1 1514764800000-0`.
    public var description: String { "\(stream) \(id)" }
}

extension StreamBatch {
    /// The entries, each with its stream.
    public var messages: [Message] { entries.map { Message(name, stream, id: $0.id, fields: $0.fields) } }
}

extension [StreamBatch] {
    /// All entries in the order of their ids, by time, then sequence; entries with one id in the order of the streams.
    public var messages: [Message] {
        if count == 1 { return self[0].messages }
        let all = enumerated().flatMap { index, batch in batch.messages.map { (index, $0) } }
        return all.sorted { ($0.1.id, $0.0) < ($1.1.id, $1.0) }.map(\.1)
    }
}
