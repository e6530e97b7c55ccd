extension EntryFields: ExpressibleByDictionaryLiteral {
    /// `["data": "message 1", "size": 12, "body": bytes]`, in this order; names may repeat.
    public init(dictionaryLiteral pairs: (String, any RedisArgument)...) {
        var builder = EntryFieldsBuilder(count: pairs.count)
        // Where they are: to name a part of a pair would copy the whole pair, which takes longer than all else here.
        pairs.withUnsafeBytes { memory in
            var pair = memory.baseAddress
            for _ in pairs.indices {
                guard let name = pair else { break }
                builder.append(name.assumingMemoryBound(to: String.self).pointee)
                let value = name + MemoryLayout<String>.stride
                builder.append { value.assumingMemoryBound(to: (any RedisArgument).self).pointee.appendBytes(to: &$0) }
                pair = name + MemoryLayout<(String, any RedisArgument)>.stride
            }
        }
        self.init(builder)
    }
}

extension EntryFields {
    /// The first field of this name as text; bytes that are not UTF-8 become replacement characters. `nil` if there is none.
    public func text(_ name: String) -> String? { self[name].map { String(decoding: $0, as: UTF8.self) } }

    /// The first field of this name as a whole number; `nil` if there is none or it is not a whole number.
    public func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }

    /// The first field of this name as a number; `nil` if there is none or it is not a number.
    public func double(_ name: String) -> Double? { text(name).flatMap { Double($0) } }

    /// The values of all fields of this name, in order.
    public func values(_ name: String) -> [ArraySlice<UInt8>] {
        filter { $0.name.elementsEqual(name.utf8) }.map(\.value)
    }

    /// The fields as text; of fields with the same name, the last.
    public var dictionary: [String: String] {
        Dictionary(map { (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }) {
            $1
        }
    }
}

extension EntryFields: CustomStringConvertible {
    /// For people: `["data": "message 1", "size": "12"]`.
    public var description: String {
        func quoted(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
        let pairs = map { "\(quoted($0.name)): \(quoted($0.value))" }
        return pairs.isEmpty ? "[:]" : "[\(pairs.joined(separator: ", "))]"
    }
}

extension StreamEntry {
    /// The first field of this name as text; see `EntryFields.text`.
    public subscript(name: String) -> String? { fields.text(name) }
}

extension StreamEntry: CustomStringConvertible {
    /// For people: `1514764800000-0 ["data": "message 1"]`.
    public var description: String { "\(id) \(fields)" }
}
