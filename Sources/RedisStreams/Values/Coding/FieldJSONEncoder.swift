#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Encodes a part of an entry that is more than one value: to JSON.
struct FieldJSONEncoder: Encoder {
    let open: OpenJSON
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ open: OpenJSON, _ codingPath: [any CodingKey]) {
        self.open = open
        self.codingPath = codingPath
    }

    static func json(_ value: some Encodable, _ codingPath: [any CodingKey]) throws -> FieldJSON {
        if let scalar = value as? any FieldScalar, let json = scalar.json { return json }
        let open = OpenJSON()
        try value.encode(to: FieldJSONEncoder(open, codingPath))
        return .open(open)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        open.shape = .object
        return KeyedEncodingContainer(Members(open: open, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        open.shape = .array
        return Elements(open: open, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        open.shape = .single
        return Single(open: open, codingPath: codingPath)
    }
}

/// A container whose members may be containers in their turn: these are JSON in an entry as well as in JSON.
protocol KeyedFieldEncodingContainer: KeyedEncodingContainerProtocol {
    func encoder(_ key: any CodingKey) -> FieldJSONEncoder
}

extension KeyedFieldEncodingContainer {
    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> { encoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { encoder(FieldKey.superclass) }

    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct Members<Key: CodingKey>: KeyedFieldEncodingContainer {
    let open: OpenJSON
    let codingPath: [any CodingKey]

    private func add(_ value: FieldJSON, _ name: String) { open.members.append((name, value)) }

    func encoder(_ key: any CodingKey) -> FieldJSONEncoder {
        let inner = OpenJSON()
        add(.open(inner), key.stringValue)
        return FieldJSONEncoder(inner, codingPath + [key])
    }

    func encodeNil(forKey key: Key) { add(.null, key.stringValue) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        add(try FieldJSONEncoder.json(value, codingPath + [key]), key.stringValue)
    }
}

private struct Elements: UnkeyedEncodingContainer {
    let open: OpenJSON
    let codingPath: [any CodingKey]
    var count: Int { open.elements.count }

    private func encoder() -> FieldJSONEncoder {
        let inner = OpenJSON()
        let path = codingPath + [FieldKey(intValue: count)]
        open.elements.append(.open(inner))
        return FieldJSONEncoder(inner, path)
    }

    func encodeNil() { open.elements.append(.null) }

    func encode(_ value: some Encodable) throws {
        open.elements.append(try FieldJSONEncoder.json(value, codingPath + [FieldKey(intValue: count)]))
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        encoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

    func superEncoder() -> any Encoder { encoder() }
}

private struct Single: SingleValueEncodingContainer {
    let open: OpenJSON
    let codingPath: [any CodingKey]

    func encodeNil() { open.single = .null }

    func encode(_ value: some Encodable) throws { open.single = try FieldJSONEncoder.json(value, codingPath) }
}

/// A place in a value that has no key of its own.
struct FieldKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    /// Where a class that encodes its superclass apart has it.
    static let superclass = FieldKey(stringValue: "super")

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}
