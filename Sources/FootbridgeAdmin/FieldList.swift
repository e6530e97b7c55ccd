internal import FoundationEssentials
internal import RedisStreams

/// An entry's fields in JSON: `[["name", "value"], …]`, for an entry may have a name twice; an object is taken, too. What is no UTF-8
/// is `{"base64": "…"}`.
struct FieldList: Codable, Sendable, Equatable {
    struct Text: Codable, Sendable, Equatable {
        let bytes: [UInt8]

        private enum CodingKeys: String, CodingKey { case base64 }

        init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                bytes = Array(text.utf8)
            } else {
                let coded = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .base64)
                guard let data = Data(base64Encoded: coded) else {
                    throw DecodingError.dataCorrupted(
                        .init(codingPath: decoder.codingPath, debugDescription: "no base64"))
                }
                bytes = Array(data)
            }
        }

        func encode(to encoder: any Encoder) throws {
            if let text = String(validating: bytes, as: UTF8.self) {
                var container = encoder.singleValueContainer()
                try container.encode(text)
            } else {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(Data(bytes).base64EncodedString(), forKey: .base64)
            }
        }
    }

    let pairs: [[Text]]

    private static let shape =
        #"write {"name": "value"} or [["name", "value"]]; a value is a string, or {"base64": "…"}"#

    /// - Parameter limit: bytes of each value, of which no character is cut in two.
    init(_ fields: EntryFields, limit: Int = .max) {
        pairs = fields.map { [Text($0.name), Text(Self.cut($0.value, limit))] }
    }

    private static func cut(_ value: ArraySlice<UInt8>, _ limit: Int) -> ArraySlice<UInt8> {
        guard value.count > limit, String(validating: value, as: UTF8.self) != nil else { return value.prefix(limit) }
        var cut = value.prefix(limit)
        while let next = value.dropFirst(cut.count).first, next & 0xc0 == 0x80 { cut = cut.dropLast() }
        return cut
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let object = try? container.decode([String: Text].self) {
            pairs = object.sorted { $0.key < $1.key }.map { [Text($0.key.utf8), $0.value] }
        } else if let list = try? container.decode([[Text]].self), list.allSatisfy({ $0.count == 2 }) {
            pairs = list
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.shape)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pairs)
    }

    var fields: EntryFields {
        EntryFields(pairs.map { (name: ArraySlice($0[0].bytes), value: ArraySlice($0[1].bytes)) })
    }
}
