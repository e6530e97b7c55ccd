import FootbridgeRESP

/// Values of a decoder until it wants more, and the error that ended it.
struct Decoded: Equatable {
    var values: [RESPValue] = []
    var failure: RESPError?
}

extension RESPDecoder {
    mutating func append(_ bytes: some Collection<UInt8>) {
        Array(bytes).withUnsafeBytes { append($0) }
    }

    /// Feeds pieces one after the other, draining after each.
    static func decode(_ pieces: [ArraySlice<UInt8>], limits: RESPLimits = RESPLimits()) -> Decoded {
        var decoder = RESPDecoder(limits: limits)
        var decoded = Decoded()
        for piece in pieces {
            decoder.append(piece)
            do {
                while let value = try decoder.next() { decoded.values.append(value) }
            } catch {
                decoded.failure = error
            }
        }
        return decoded
    }

    static func decode(_ text: String, limits: RESPLimits = RESPLimits()) -> Decoded {
        decode([Array(text.utf8)[...]], limits: limits)
    }
}

extension RESPValue {
    static func bulk(_ text: String) -> RESPValue { .bulkString(Array(text.utf8)[...]) }
    static func simple(_ text: String) -> RESPValue { .simpleString(Array(text.utf8)[...]) }
    static func failure(_ text: String) -> RESPValue { .error(Array(text.utf8)[...]) }
    static func big(_ text: String) -> RESPValue { .bigNumber(Array(text.utf8)[...]) }
    static func verbatim(_ format: String, _ text: String) -> RESPValue {
        .verbatim(format: Array(format.utf8)[...], Array(text.utf8)[...])
    }
}
