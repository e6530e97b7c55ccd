extension EntryFields {
    /// The properties of a value as fields, in the order in which it encodes them; `decode` reads the same value back.
    ///
    /// - Text is stored as it is, numbers and truth values as text, `[UInt8]` and `Data` as bytes.
    /// - A `Date` is milliseconds since 1970, with a fraction if it is finer: `1514764800123`. A `URL` and a `Decimal` are text.
    /// - A value that is coded as a single string, such as most enumerations and `UUID`, is that text; in quotes, as JSON, if it
    ///   could be taken for JSON itself (`"12"`, `"true"`).
    /// - Everything else is JSON: structures, arrays, dictionaries, containers made by hand, and, in a field `super`, a
    ///   superclass that is encoded separately. In JSON, `Data` is base64, and numbers that are not finite are `NaN`, `Infinity`
    ///   and `-Infinity`, as Python reads and writes them.
    /// - A property that is `nil` has no field; nor has an optional within an optional if the inner one is `nil`.
    /// - Throws: `EncodingError` if the value has no named properties; and what its own `encode(to:)` throws.
    public init(encoding value: some Encodable) throws {
        let properties = Properties()
        try value.encode(to: EntryEncoder(properties: properties))
        if let failure = properties.failure { throw failure }
        var builder = EntryFieldsBuilder(count: properties.parts.count)
        for (name, part) in properties.parts {
            builder.append(name)
            builder.append { part.appendBytes(to: &$0) }
        }
        self.init(builder)
    }
}

extension FieldPart {
    fileprivate func appendBytes(to bytes: inout [UInt8]) {
        switch self {
        case .text(let text): text.appendBytes(to: &bytes)
        case .bytes(let raw): raw.appendBytes(to: &bytes)
        case .json(let open): open.value.writeField(into: &bytes)
        }
    }
}

/// What is known of a value so far.
private final class Properties {
    var parts: [(name: String, part: FieldPart)] = []
    /// Asking for a container cannot throw, so what is wrong with it is told at the end.
    var failure: EncodingError?

    func add(_ part: FieldPart, _ key: any CodingKey) { parts.append((key.stringValue, part)) }
}

/// Takes the properties of one value.
private struct EntryEncoder: Encoder {
    let properties: Properties
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(PropertyContainer(properties: properties))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        properties.failure = unnamed
        // It takes everything and goes nowhere.
        return FieldJSONEncoder(OpenJSON(), []).unkeyedContainer()
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    private var unnamed: EncodingError {
        .invalidValue(
            self, .init(codingPath: [], debugDescription: "an entry is made of a value with named properties"))
    }
}

/// A value that is coded as another one.
extension EntryEncoder: SingleValueEncodingContainer {
    func encodeNil() { properties.failure = unnamed }

    func encode(_ value: some Encodable) throws {
        if value is any FieldScalar { throw unnamed }
        try value.encode(to: self)
    }
}

/// One field for each property.
private struct PropertyContainer<Key: CodingKey>: KeyedFieldEncodingContainer {
    let properties: Properties
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) {}
    func encode(_ value: String, forKey key: Key) { properties.add(.text(value), key) }
    func encode(_ value: Bool, forKey key: Key) { properties.add(.text(value ? "true" : "false"), key) }
    func encode(_ value: Double, forKey key: Key) { properties.add(.text(value.description), key) }
    func encode(_ value: Int, forKey key: Key) { properties.add(.text(value.description), key) }
    func encode(_ value: Int64, forKey key: Key) { properties.add(.text(value.description), key) }
    func encode(_ value: UInt64, forKey key: Key) { properties.add(.text(value.description), key) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        // The cast looks into optionals, too.
        if let scalar = value as? any FieldScalar, let part = scalar.field {
            properties.add(part, key)
            return
        }
        let open = OpenJSON()
        try value.encode(to: FieldJSONEncoder(open, [key]))
        if Value.self is any OptionalProperty.Type, case .null = open.value { return }
        properties.add(.json(open), key)
    }

    func encoder(_ key: any CodingKey) -> FieldJSONEncoder {
        let open = OpenJSON()
        properties.add(.json(open), key)
        return FieldJSONEncoder(open, [key])
    }
}

/// A property that may be `nil`.
protocol OptionalProperty {
    static var none: Self { get }
    static var wrapped: Any.Type { get }
}

extension Optional: OptionalProperty {
    static var wrapped: Any.Type { Wrapped.self }
}
