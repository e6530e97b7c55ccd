/// Base64 of RFC 4648 §4, bytes to bytes.
package enum Base64 {
    /// Appends the padded encoding of `bytes`.
    package static func encode(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) {
        let length = (bytes.count + 2) / 3 * 4
        out.append(addingCapacity: length) { span in
            span.withUnsafeMutableBufferPointer { target, written in
                encode(bytes, to: target)
                written = length
            }
        }
    }

    /// Fills `target`, which has room for exactly the encoding.
    private static func encode(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableBufferPointer<UInt8>) {
        alphabet.withUTF8Buffer { symbols in
            var from = 0
            var to = 0
            while from + 2 < bytes.count {
                let group = UInt32(bytes[from]) << 16 | UInt32(bytes[from + 1]) << 8 | UInt32(bytes[from + 2])
                target[to] = symbols[Int(group >> 18)]
                target[to + 1] = symbols[Int(group >> 12 & 63)]
                target[to + 2] = symbols[Int(group >> 6 & 63)]
                target[to + 3] = symbols[Int(group & 63)]
                from += 3
                to += 4
            }
            guard from < bytes.count else { return }
            let second = from + 1 < bytes.count ? UInt32(bytes[from + 1]) : 0
            let group = UInt32(bytes[from]) << 16 | second << 8
            target[to] = symbols[Int(group >> 18)]
            target[to + 1] = symbols[Int(group >> 12 & 63)]
            target[to + 2] = from + 1 < bytes.count ? symbols[Int(group >> 6 & 63)] : padding
            target[to + 3] = padding
        }
    }

    /// The bytes that `text` encodes, padded or not; `nil` if it holds anything else, even white space or stray bits.
    ///
    /// - Parameter urlSafe: `-` and `_` count as `+` and `/`, too (RFC 4648 §5).
    package static func decode(_ text: some Collection<UInt8>, urlSafe: Bool = false) -> [UInt8]? {
        var symbols = Array(text)
        if symbols.count % 4 == 0 {
            for _ in 0..<2 where symbols.last == padding { symbols.removeLast() }
        }
        guard symbols.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(symbols.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var held = 0
        for symbol in symbols {
            guard let value = value(of: symbol, urlSafe) else { return nil }
            bits = bits << 6 | value
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
                bits &= (1 << held) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(of symbol: UInt8, _ urlSafe: Bool) -> UInt32? {
        switch symbol {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(symbol - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(symbol - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(symbol - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        case UInt8(ascii: "-") where urlSafe: 62
        case UInt8(ascii: "_") where urlSafe: 63
        default: nil
        }
    }

    private static let padding = UInt8(ascii: "=")
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
}
