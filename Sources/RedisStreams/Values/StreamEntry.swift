package import FootbridgeRESP

/// One entry of a stream: its id and its fields.
public struct StreamEntry: Sendable, Hashable, Identifiable {
    /// Tells the entries of one stream apart.
    public let id: EntryID
    public let fields: EntryFields

    public init(id: EntryID, fields: EntryFields) {
        self.id = id
        self.fields = fields
    }

    /// What a read brings for an entry; `nil` fields mean that it is pending but no longer in the stream.
    ///
    /// Reply: `[id, [name, value, …]]` in both protocols, fields null for a deleted entry of a history read.
    package static func decode(_ reply: RESPValue) -> (id: EntryID, fields: EntryFields?)? {
        guard case .array(let parts) = reply else { return nil }
        if let entry = parts.entry {
            guard entry.fields.count.isMultiple(of: 2), let id = EntryID(bytes: entry.id) else { return nil }
            return (id, EntryFields(strings: entry.fields))
        }
        guard parts.count == 2, let id = EntryID(reply: parts[0]) else { return nil }
        if case .null = parts[1] { return (id, nil) }
        guard case .array(let flat) = parts[1], let fields = EntryFields(flat: flat) else { return nil }
        return (id, fields)
    }
}

/// The fields of an entry: ordered pairs of bytes. Names may repeat, names and values may be empty or anything but text.
///
/// The bytes are slices of the server's reply and keep it alive; see `compacted`.
public struct EntryFields: Sendable, Hashable, RandomAccessCollection {
    public typealias Element = (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)

    /// Names and values in turn.
    private let strings: RESPStrings

    public init(_ pairs: some Sequence<(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)>) {
        var builder = EntryFieldsBuilder(count: pairs.underestimatedCount)
        for pair in pairs {
            builder.append(pair.name)
            builder.append(pair.value)
        }
        self.init(builder)
    }

    public init(_ pairs: KeyValuePairs<String, String>) {
        var builder = EntryFieldsBuilder(count: pairs.count)
        for (name, value) in pairs {
            builder.append(name)
            builder.append(value)
        }
        self.init(builder)
    }

    /// In the order of the names, as Swift sorts strings, because a dictionary has no order. A literal keeps its own.
    @_disfavoredOverload
    public init(_ dictionary: [String: some RedisArgument]) {
        var builder = EntryFieldsBuilder(count: dictionary.count)
        for (name, value) in dictionary.sorted(by: { $0.key < $1.key }) {
            builder.append(name)
            builder.append(value)
        }
        self.init(builder)
    }

    init(_ builder: EntryFieldsBuilder) { strings = builder.strings }

    /// Names and values in turn; `nil` if that is not an even number of strings.
    init?(flat: RESPArray) {
        guard flat.count.isMultiple(of: 2), let strings = flat.strings else { return nil }
        self.strings = strings
    }

    /// The same fields in a buffer of their own if the one they share is much larger than they are: for keeping an entry for long
    /// without the rest of the reply.
    ///
    /// - Parameter slack: how many bytes besides its own an entry may keep alive.
    public func compacted(slack: Int = 64 << 10) -> EntryFields {
        guard strings.bufferBytes > strings.byteCount + slack else { return self }
        return EntryFields(strings: strings.compacted())
    }

    /// The size of the buffer that holds the fields, which they keep alive.
    public var bufferBytes: Int { strings.bufferBytes }

    fileprivate init(strings: RESPStrings) { self.strings = strings }

    public var startIndex: Int { 0 }
    public var endIndex: Int { strings.count / 2 }

    public subscript(index: Int) -> Element { (strings[2 * index], strings[2 * index + 1]) }

    /// All pairs as pointers, which are valid during the call: the path of every entry has no time for counting
    /// references.
    package func withUnsafeFields<Result>(
        _ body: (UnsafeBufferPointer<(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)>) -> Result
    ) -> Result {
        withUnsafeStrings {
            // In memory a pair is just two of them.
            $0.withMemoryRebound(to: (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer).self, body)
        }
    }

    /// Names and values in turn as pointers, which are valid during the call.
    package func withUnsafeStrings<Result>(_ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Result) -> Result {
        strings.withUnsafeStrings(body)
    }

    /// The bytes of all names and values.
    public var byteCount: Int { strings.byteCount }

    /// The value of the first field of this name.
    public subscript(name: String) -> ArraySlice<UInt8>? {
        var name = name
        let index = name.withUTF8 { strings.firstName($0) }
        return index.map { strings[$0 + 1] }
    }

    public static func == (left: EntryFields, right: EntryFields) -> Bool {
        left.strings.elementsEqual(right.strings)
    }

    public func hash(into hasher: inout Hasher) {
        withUnsafeStrings { strings in
            hasher.combine(strings.count)
            for string in strings {
                hasher.combine(string.count)
                hasher.combine(bytes: string)
            }
        }
    }
}

extension EntryID {
    /// From a string of a reply.
    init?(reply: RESPValue) {
        guard let bytes = reply.bytes else { return nil }
        self.init(bytes: bytes)
    }
}

extension EntryID {
    /// The id as an argument of a command. (`EntryID` itself is public, and what it conforms to would be, too.)
    package struct Argument: RESPArgument {
        let id: EntryID

        package func encode(into encoder: inout RESPEncoder) { id.encodeArgument(into: &encoder) }
    }

    package var argument: Argument { Argument(id: self) }

    package func encodeArgument(into encoder: inout RESPEncoder) {
        encoder.argument(milliseconds, UInt8(ascii: "-"), sequence)
    }
}

extension [EntryID] {
    package var arguments: [EntryID.Argument] { map(\.argument) }
}
