internal import FoundationEssentials

extension EntryFields {
    /// The properties of a value as fields, in the order in which it encodes them.
    ///
    /// Text is stored as it is, numbers and truth values as text, `[UInt8]` and `Data` as bytes; anything else as JSON, dates
    /// as milliseconds since 1970. A property that is `nil` has no field.
    /// - Throws: `EncodingError` if the value is not one with named properties.
    public init(encoding value: some Encodable) throws {
        let encoder = EntryEncoder()
        try value.encode(to: encoder)
        if let failure = encoder.fields.failure { throw failure }
        self.init(encoder.fields.pairs)
    }
}

/// Takes the properties of one value.
private struct EntryEncoder: Encoder {
    final class Fields {
        var pairs: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] = []
        /// Asking for a container cannot throw, so what is wrong with it is told at the end.
        var failure: EncodingError?
    }

    let fields = Fields()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Properties(fields: fields))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { refused.unkeyedContainer() }

    func singleValueContainer() -> any SingleValueEncodingContainer { refused.singleValueContainer() }

    private var refused: RefusingEncoder {
        fields.failure = .invalidValue(
            self, .init(codingPath: [], debugDescription: "an entry is made of a value with named properties"))
        return RefusingEncoder()
    }
}

/// One field for each property.
private struct Properties<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let fields: EntryEncoder.Fields
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) {}
    func encode(_ value: String, forKey key: Key) { add(value, key) }
    func encode(_ value: Bool, forKey key: Key) { add(value, key) }
    func encode(_ value: Double, forKey key: Key) { add(value, key) }
    func encode(_ value: Int, forKey key: Key) { add(value, key) }
    func encode(_ value: Int64, forKey key: Key) { add(value, key) }
    func encode(_ value: UInt64, forKey key: Key) { add(value, key) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        switch value {
        case let bytes as [UInt8]: add(bytes, key)
        case let data as Data: add([UInt8](data), key)
        default:
            let json = [UInt8](try EntryJSON.encoder.encode(value))
            // A text, such as an enumeration's, needs no quotes.
            if json.first == UInt8(ascii: "\"") {
                add(try EntryJSON.decoder.decode(String.self, from: Data(json)), key)
            } else {
                add(json, key)
            }
        }
    }

    private func add(_ value: some FieldValue, _ key: Key) {
        fields.pairs.append((key.stringValue.fieldBytes, value.fieldBytes))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> { refused(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { refused(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { refused(nil) }

    func superEncoder(forKey key: Key) -> any Encoder { refused(key) }

    private func refused(_ key: Key?) -> RefusingEncoder {
        fields.failure = .invalidValue(
            self,
            .init(
                codingPath: key.map { [$0] } ?? [],
                debugDescription: "an entry has no place for containers made by hand, or for a superclass"))
        return RefusingEncoder()
    }
}

/// Takes everything and keeps nothing: its value was refused already.
private struct RefusingEncoder: Encoder, SingleValueEncodingContainer, UnkeyedEncodingContainer {
    struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        var codingPath: [any CodingKey] { [] }
        func encodeNil(forKey key: Key) {}
        func encode(_ value: some Encodable, forKey key: Key) {}
        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) -> KeyedEncodingContainer<NestedKey> { RefusingEncoder().container(keyedBy: type) }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { RefusingEncoder() }
        func superEncoder() -> any Encoder { RefusingEncoder() }
        func superEncoder(forKey key: Key) -> any Encoder { RefusingEncoder() }
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var count: Int { 0 }

    func encodeNil() {}
    func encode(_ value: some Encodable) {}
    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Keyed<Key>())
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { self }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }
    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
    func superEncoder() -> any Encoder { self }
}

/// How values that are no text, number or bytes stand in a field.
enum EntryJSON {
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .millisecondsSince1970
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return encoder
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .millisecondsSince1970
        return decoder
    }
}
