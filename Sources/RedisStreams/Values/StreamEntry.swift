public import RESP

/// One entry of a stream: its id and its fields.
public struct StreamEntry: Sendable, Equatable {
    public let id: EntryID
    public let fields: EntryFields

    public init(id: EntryID, fields: EntryFields) {
        self.id = id
        self.fields = fields
    }

    /// What a read brings for an entry; `nil` fields mean that it is pending but no longer in the stream.
    ///
    /// Reply: `[id, [name, value, …]]` in both protocols, fields null for a deleted entry of a history read.
    public static func decode(_ reply: RESPValue) -> (id: EntryID, fields: EntryFields?)? {
        guard case .array(let parts) = reply, parts.count == 2, let id = EntryID(reply: parts[0]) else { return nil }
        if case .null = parts[1] { return (id, nil) }
        guard case .array(let flat) = parts[1], let fields = EntryFields(flat: flat) else { return nil }
        return (id, fields)
    }
}

/// The fields of an entry: ordered pairs of bytes. Names may repeat, names and values may be empty or anything but text.
///
/// The bytes are slices of the server's reply and keep it alive; copy what is to stay.
public struct EntryFields: Sendable, Equatable, RandomAccessCollection {
    public typealias Element = (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)

    /// Names and values in turn, as they came: bulk strings all of them.
    private let flat: [RESPValue]

    public init(_ pairs: some Sequence<(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)>) {
        var flat: [RESPValue] = []
        for pair in pairs {
            flat.append(.bulkString(pair.name))
            flat.append(.bulkString(pair.value))
        }
        self.flat = flat
    }

    public init(_ pairs: KeyValuePairs<String, String>) {
        var builder = EntryFieldsBuilder(count: pairs.count)
        for (name, value) in pairs {
            builder.append(name)
            builder.append(value)
        }
        self.init(builder)
    }

    init(_ builder: EntryFieldsBuilder) { flat = builder.slices }

    /// Names and values in turn; `nil` if that is not an even number of strings.
    init?(flat: [RESPValue]) {
        guard flat.count.isMultiple(of: 2) else { return nil }
        for value in flat {
            guard case .bulkString = value else { return nil }
        }
        self.flat = flat
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { flat.count / 2 }

    public subscript(index: Int) -> Element { (string(2 * index), string(2 * index + 1)) }

    private func string(_ index: Int) -> ArraySlice<UInt8> {
        if case .bulkString(let bytes) = flat[index] { return bytes }
        return []
    }

    /// All pairs as pointers, which are valid during the call: the path of every entry has no time for counting
    /// references.
    public func withUnsafeFields<Result>(
        _ body: (UnsafeBufferPointer<(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)>) -> Result
    ) -> Result {
        withExtendedLifetime(flat) {
            withUnsafeTemporaryAllocation(
                of: (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer).self, capacity: count
            ) { pairs in
                for index in 0..<count {
                    pairs.initializeElement(at: index, to: (pointer(2 * index), pointer(2 * index + 1)))
                }
                return body(UnsafeBufferPointer(pairs))
            }
        }
    }

    /// Stays valid as long as `flat` does: nobody changes the bytes that a reply brought.
    private func pointer(_ index: Int) -> UnsafeRawBufferPointer {
        guard case .bulkString(let bytes) = flat[index] else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return bytes.withUnsafeBytes { $0 }
    }

    /// Names and values together.
    public var byteCount: Int {
        flat.reduce(0) { sum, value in
            if case .bulkString(let bytes) = value { sum + bytes.count } else { sum }
        }
    }

    /// The value of the first field of this name.
    public subscript(name: String) -> ArraySlice<UInt8>? {
        first { $0.name.elementsEqual(name.utf8) }?.value
    }
}

extension EntryID {
    /// From a string of a reply.
    init?(reply: RESPValue) {
        guard let bytes = reply.bytes else { return nil }
        self.init(bytes: bytes)
    }
}

extension EntryID: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) {
        encoder.argument(description)
    }
}
