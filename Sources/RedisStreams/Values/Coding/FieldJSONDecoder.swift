#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Decodes a part of an entry that is more than one value: from JSON.
struct FieldJSONDecoder: Decoder {
    let json: FieldJSON
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ json: FieldJSON, _ codingPath: [any CodingKey]) {
        self.json = json
        self.codingPath = codingPath
    }

    static func value<Value: Decodable>(
        _ type: Value.Type, _ json: FieldJSON, _ codingPath: [any CodingKey]
    ) throws -> Value {
        if let scalar = type as? any FieldScalar.Type {
            if let value = scalar.init(json: json) as? Value { return value }
            // A URL that is relative to another has its own coding.
            guard type == URL.self else { throw mismatch(type, codingPath) }
        }
        return try Value(from: FieldJSONDecoder(json, codingPath))
    }

    static func mismatch(_ type: Any.Type, _ codingPath: [any CodingKey]) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "the value is no \(type)"))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = json else { throw Self.mismatch([String: Any].self, codingPath) }
        return KeyedDecodingContainer(Members(members: members, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = json else { throw Self.mismatch([Any].self, codingPath) }
        return Elements(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension FieldJSONDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { if case .null = json { true } else { false } }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Self.value(type, json, codingPath) }
}

/// A container whose members may be containers in their turn: these are JSON in an entry as well as in JSON.
protocol KeyedFieldDecodingContainer: KeyedDecodingContainerProtocol {
    func decoder(_ key: any CodingKey) throws -> FieldJSONDecoder
}

extension KeyedFieldDecodingContainer {
    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> { try decoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(FieldKey.superclass) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct Members<Key: CodingKey>: KeyedFieldDecodingContainer {
    private let values: [String: FieldJSON]
    let codingPath: [any CodingKey]

    init(members: [(name: String, value: FieldJSON)], codingPath: [any CodingKey]) {
        values = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
        self.codingPath = codingPath
    }

    var allKeys: [Key] { values.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { values[key.stringValue] != nil }

    private func json(_ key: any CodingKey) throws -> FieldJSON {
        guard let json = values[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no \(key.stringValue)"))
        }
        return json
    }

    func decoder(_ key: any CodingKey) throws -> FieldJSONDecoder {
        FieldJSONDecoder(try json(key), codingPath + [key])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try FieldJSONDecoder.value(type, json(key), codingPath + [key])
    }
}

private struct Elements: UnkeyedDecodingContainer {
    let elements: [FieldJSON]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: [FieldJSON], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private var path: [any CodingKey] { codingPath + [FieldKey(intValue: currentIndex)] }

    /// Goes on to the next element when `body` has taken this one.
    private mutating func take<Result>(_ body: (FieldJSONDecoder) throws -> Result) throws -> Result {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Result.self, .init(codingPath: path, debugDescription: "there are only \(elements.count) elements"))
        }
        let result = try body(FieldJSONDecoder(elements[currentIndex], path))
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, case .null = elements[currentIndex] else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try take { try $0.decode(type) } }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> { try take { try $0.container(keyedBy: type) } }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try take { $0 } }
}
