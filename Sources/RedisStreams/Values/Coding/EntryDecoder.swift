#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension EntryFields {
    /// The value whose properties are the fields; see `init(encoding:)`. Of fields with the same name, the first counts.
    ///
    /// Fields written by other programs are read where their meaning is clear: JSON with spaces, an enumeration's text without
    /// quotes, `null` for a property that may be `nil`.
    /// - Throws: `DecodingError` if a field is missing or does not fit its property; and what the value's own `init(from:)` throws.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try EntryDecoder(fields: self).decode(type)
    }
}

extension StreamEntry {
    /// The value whose properties are the fields; see `EntryFields.decode`.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value { try fields.decode(type) }
}

extension Message {
    /// The value whose properties are the fields; see `EntryFields.decode`.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value { try fields.decode(type) }
}

private struct EntryDecoder: Decoder {
    let fields: EntryFields
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(PropertyContainer(fields: fields))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw unnamed }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    private var unnamed: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "an entry becomes a value with named properties only"))
    }
}

/// A value that is coded as another one.
extension EntryDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type is any FieldScalar.Type { throw unnamed }
        return try Value(from: self)
    }
}

/// One property from each field.
private struct PropertyContainer<Key: CodingKey>: KeyedFieldDecodingContainer {
    let fields: EntryFields
    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] { fields.compactMap { Key(stringValue: String(decoding: $0.name, as: UTF8.self)) } }

    func contains(_ key: Key) -> Bool { fields[key.stringValue] != nil }

    func decodeNil(forKey key: Key) -> Bool { !contains(key) }

    func decode(_ type: String.Type, forKey key: Key) throws -> String { try scalar(key) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try scalar(key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try scalar(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try scalar(key) }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try unlessNull(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try unlessNull(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try unlessNull(type, key) }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try unlessNull(type, key)
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let optional = type as? any OptionalProperty.Type
        if let optional, !contains(key), let none = optional.none as? Value { return none }
        let bytes = try bytes(key)
        if let scalar = (optional?.wrapped ?? type) as? any FieldScalar.Type {
            if let value = scalar.init(field: bytes) as? Value { return value }
            if optional == nil, type != URL.self { throw wrong(key, type) }
        }
        return try decode(type, from: bytes, key)
    }

    /// From JSON; if it is none, or not the right one, from the text as it stands.
    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ArraySlice<UInt8>, _ key: Key) throws -> Value
    {
        let text = String(validating: bytes, as: UTF8.self)
        guard let json = FieldJSON(bytes) else {
            guard let text else { throw wrong(key, type) }
            return try FieldJSONDecoder.value(type, .text(text), [key])
        }
        do {
            return try FieldJSONDecoder.value(type, json, [key])
        } catch {
            guard let text, let value = try? FieldJSONDecoder.value(type, .text(text), [key]) else { throw error }
            return value
        }
    }

    /// For fields of other programs: what is not the property's, and `null`, is no value.
    private func unlessNull<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        guard let bytes = fields[key.stringValue] else { return nil }
        do {
            return try decode(type, forKey: key) as Value
        } catch {
            if bytes.elementsEqual("null".utf8) { return nil }
            throw error
        }
    }

    private func scalar<Value: FieldScalar>(_ key: Key) throws -> Value {
        guard let value = Value(field: try bytes(key)) else { throw wrong(key, Value.self) }
        return value
    }

    private func bytes(_ key: any CodingKey) throws -> ArraySlice<UInt8> {
        guard let bytes = fields[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: [], debugDescription: "the entry has no field \(key.stringValue)"))
        }
        return bytes
    }

    private func wrong(_ key: any CodingKey, _ type: Any.Type) -> DecodingError {
        .dataCorrupted(.init(codingPath: [key], debugDescription: "the field \(key.stringValue) is no \(type)"))
    }

    func decoder(_ key: any CodingKey) throws -> FieldJSONDecoder {
        let bytes = try bytes(key)
        guard let json = FieldJSON(bytes) ?? String(validating: bytes, as: UTF8.self).map({ .text($0) }) else {
            throw wrong(key, String.self)
        }
        return FieldJSONDecoder(json, [key])
    }
}
