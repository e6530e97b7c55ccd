/// A dead letter as it stands in its stream: what became of an entry, and the entry's own fields.
package struct Letter: Sendable, Equatable {
    /// Where the letter is.
    package let place: String
    package let id: EntryID
    /// `rejected: http_422`; empty if it is no letter of ours.
    package let reason: String
    package let status: Int?
    package let attempts: Int?
    package let route: String?
    /// Where the entry was.
    package let stream: String?
    /// The entry's id there.
    package let entry: EntryID?
    /// ISO 8601.
    package let firstAt: String?
    package let lastAt: String?
    /// The head of the last answer's body.
    package let response: ArraySlice<UInt8>
    /// How often the entry was replayed before.
    package let replays: Int
    /// The entry's own, in their order.
    package let fields: EntryFields

    private static let prefix = Array("field.".utf8)

    /// - Parameter place: the stream that the letter is in.
    package init(_ letter: StreamEntry, in place: String) {
        (self.place, id) = (place, letter.id)
        let head = letter.fields.prefix { !$0.name.starts(with: Self.prefix) }
        func bytes(_ name: String) -> ArraySlice<UInt8>? { head.first { $0.name.elementsEqual(name.utf8) }?.value }
        func text(_ name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }
        reason = text("reason") ?? ""
        status = text("status").flatMap { Int($0) }
        attempts = text("attempts").flatMap { Int($0) }
        (route, stream) = (text("route"), text("stream"))
        entry = bytes("id").flatMap(EntryID.init(bytes:))
        (firstAt, lastAt) = (text("first_at"), text("last_at"))
        response = bytes("response") ?? []
        replays = text("replays").flatMap { Int($0) } ?? 0
        fields = EntryFields(
            letter.fields.dropFirst(head.count).lazy.map {
                (name: $0.name.dropFirst(Self.prefix.count), value: $0.value)
            })
    }

    /// Whether it says which entry it is of; what does not is an entry of something else.
    package var isLetter: Bool { stream != nil && entry != nil }

    /// Why it cannot be delivered once more; `nil` if it can.
    package var obstacle: String? {
        if !isLetter { return "it is no dead letter: it does not say which entry it is of" }
        if fields.isEmpty { return "the entry's fields are gone" }
        if fields.count > Self.mostFields { return "it has more than \(Self.mostFields) fields, too many for a script" }
        return nil
    }

    /// Lua's unpack takes some 8,000 values.
    package static let mostFields = 3490
}
