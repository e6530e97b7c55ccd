internal import FoundationEssentials

extension EntryFields {
    /// The value whose properties the fields are; see `init(encoding:)`. Of fields with one name the first counts.
    ///
    /// - Throws: `DecodingError` if a field is missing, or is not what the property needs.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try Value(from: EntryDecoder(fields: self))
    }
}

extension StreamEntry {
    /// The value whose properties the fields are; see `EntryFields.decode`.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value { try fields.decode(type) }
}

extension Message {
    /// The value whose properties the fields are; see `EntryFields.decode`.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value { try fields.decode(type) }
}

private struct EntryDecoder: Decoder {
    let fields: EntryFields
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Properties(fields: fields))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw notNamed }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw notNamed }

    private var notNamed: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "an entry becomes a value with named properties only"))
    }
}

/// One property from each field.
private struct Properties<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let fields: EntryFields
    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] { fields.compactMap { Key(stringValue: String(decoding: $0.name, as: UTF8.self)) } }

    func contains(_ key: Key) -> Bool { fields[key.stringValue] != nil }

    func decodeNil(forKey key: Key) -> Bool { !contains(key) }

    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try read(key, type) { String(validating: $0, as: UTF8.self) }
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try read(key, type) { Bool(String(decoding: $0, as: UTF8.self)) }
    }

    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try read(key, type) { Double(String(decoding: $0, as: UTF8.self)) }
    }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        try read(key, type) { Int(String(decoding: $0, as: UTF8.self)) }
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try read(key, type) { bytes in
            if type == [UInt8].self { return Array(bytes) as? Value }
            if type == Data.self { return Data(bytes) as? Value }
            if let value = try? EntryJSON.decoder.decode(type, from: Data(bytes)) { return value }
            // A text, such as an enumeration's, has no quotes.
            guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
            return try EntryJSON.decoder.decode(type, from: EntryJSON.encoder.encode(text))
        }
    }

    private func read<Value>(
        _ key: Key, _ type: Value.Type, _ parse: (ArraySlice<UInt8>) throws -> Value?
    ) throws -> Value {
        guard let bytes = fields[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: [], debugDescription: "the entry has no field \(key.stringValue)"))
        }
        guard let value = try? parse(bytes) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [key], debugDescription: "the field \(key.stringValue) is no \(type)"))
        }
        return value
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> { throw byHand(key) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw byHand(key) }

    func superDecoder() throws -> any Decoder { throw byHand(nil) }

    func superDecoder(forKey key: Key) throws -> any Decoder { throw byHand(key) }

    private func byHand(_ key: Key?) -> DecodingError {
        .dataCorrupted(
            .init(
                codingPath: key.map { [$0] } ?? [],
                debugDescription: "an entry has no place for containers made by hand, or for a superclass"))
    }
}
