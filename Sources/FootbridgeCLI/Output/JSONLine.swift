import FootbridgeWebhooks

/// A JSON object on one line (NDJSON), its members in the order in which they are added.
struct JSONLine {
    private var members: [UInt8] = []

    var isEmpty: Bool { members.isEmpty }
    /// The object, without a line break.
    var bytes: [UInt8] { [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")] }

    mutating func add(_ name: String, _ text: String) { add(name, json: Self.string(text)) }
    mutating func add(_ name: String, _ number: Int) { add(name, json: Array("\(number)".utf8)) }
    mutating func add(_ name: String, _ number: Double) { add(name, json: Array("\(number)".utf8)) }
    mutating func add(_ name: String, _ truth: Bool) { add(name, json: Array("\(truth)".utf8)) }
    mutating func add(_ name: String, _ object: JSONLine) { add(name, json: object.bytes) }
    mutating func add(_ name: String, json: [UInt8]) { add(quoted: Self.string(name), json: json) }

    /// - Parameters:
    ///   - name: a JSON string.
    ///   - json: a value as it is written.
    mutating func add(quoted name: [UInt8], json: [UInt8]) {
        if !members.isEmpty { members.append(UInt8(ascii: ",")) }
        members += name
        members.append(UInt8(ascii: ":"))
        members += json
    }

    static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)[...]) ?? [] }

    /// Bytes as a JSON string; `nil` if they are not UTF-8.
    static func string(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var json: [UInt8] = []
        return bytes.withUnsafeBytes { JSONString.append($0, to: &json) } ? json : nil
    }
}
