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

    /// A pair as it is stored: a struct, for Swift copies tuples of references through the runtime.
    @usableFromInline struct Field: Sendable, Equatable {
        @usableFromInline let name: ArraySlice<UInt8>
        @usableFromInline let value: ArraySlice<UInt8>

        init(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
            self.name = name
            self.value = value
        }
    }

    @usableFromInline let fields: [Field]

    public init(_ pairs: some Sequence<(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)>) {
        fields = pairs.map { Field(name: $0.name, value: $0.value) }
    }

    public init(_ pairs: KeyValuePairs<String, String>) {
        fields = pairs.map { Field(name: Array($0.key.utf8)[...], value: Array($0.value.utf8)[...]) }
    }

    /// Names and values in turn; `nil` if that is not an even number of strings.
    init?(flat: [RESPValue]) {
        guard flat.count.isMultiple(of: 2) else { return nil }
        var fields: [Field] = []
        fields.reserveCapacity(flat.count / 2)
        for index in stride(from: 0, to: flat.count, by: 2) {
            guard case .bulkString(let name) = flat[index], case .bulkString(let value) = flat[index + 1] else {
                return nil
            }
            fields.append(Field(name: name, value: value))
        }
        self.fields = fields
    }

    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { fields.count }

    @inlinable public subscript(index: Int) -> Element { (fields[index].name, fields[index].value) }

    /// One half of a pair: cheaper than the pair where it counts.
    @inlinable public func name(at index: Int) -> ArraySlice<UInt8> { fields[index].name }
    @inlinable public func value(at index: Int) -> ArraySlice<UInt8> { fields[index].value }

    /// Names and values together.
    public var byteCount: Int { fields.reduce(0) { $0 + $1.name.count + $1.value.count } }

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
