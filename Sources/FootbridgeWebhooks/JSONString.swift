/// Bytes as a JSON string (RFC 8259 §7), escaped only where it must be: `"`, `\` and what is below U+0020.
///
/// One pass measures and checks, eight bytes at a time; a second writes into exactly the room that is needed. A JSON
/// text inside a field, full of quotes, is the common case.
package enum JSONString {
    /// Appends `source` in quotes, or nothing and returns false if it is not UTF-8 (RFC 3629).
    package static func append(_ source: UnsafeRawBufferPointer, to out: inout [UInt8]) -> Bool {
        let (escapeBytes, isASCII) = measure(source)
        guard isASCII || (try? UTF8Span(validating: source.assumingMemoryBound(to: UInt8.self).span)) != nil else {
            return false
        }
        let length = source.count + escapeBytes + 2
        out.append(addingCapacity: length) { span in
            span.withUnsafeMutableBufferPointer { target, written in
                let target = UnsafeMutableRawBufferPointer(target)
                target[0] = quote
                let inside = UnsafeMutableRawBufferPointer(rebasing: target[1..<length - 1])
                if escapeBytes == 0 { inside.copyMemory(from: source) } else { escape(source, to: inside) }
                target[length - 1] = quote
                written = length
            }
        }
        return true
    }

    /// How many bytes the escapes add, and whether all bytes are ASCII.
    private static func measure(_ bytes: UnsafeRawBufferPointer) -> (escapeBytes: Int, isASCII: Bool) {
        var added = 0
        var seen: UInt64 = 0
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            seen |= word
            let low = word & ~highs
            // Without the high bits no sum carries into the next byte: a high bit here means "not that one".
            let notQuote = (low ^ ones &* UInt64(quote)) &+ ~highs
            let notBackslash = (low ^ ones &* UInt64(backslash)) &+ ~highs
            let notControl = low &+ ones &* 0x60
            if (notControl | word) & highs == highs {
                added &+= (~(notQuote & notBackslash | word) & highs).nonzeroBitCount
            } else {
                for offset in 0..<8 { added &+= escapeBytes(of: bytes[index &+ offset]) }
            }
            index &+= 8
        }
        while index < bytes.count {
            seen |= UInt64(bytes[index])
            added &+= escapeBytes(of: bytes[index])
            index &+= 1
        }
        return (added, seen & highs == 0)
    }

    /// Fills `target`, which has room for exactly the escaped `source`.
    private static func escape(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        var from = 0
        var to = 0
        while from < source.count {
            // Copies eight bytes and goes back to the first that needs an escape. There is room: escapes only lengthen.
            if from &+ 8 <= source.count {
                let word = source.loadUnaligned(fromByteOffset: from, as: UInt64.self)
                target.storeBytes(of: word, toByteOffset: to, as: UInt64.self)
                let plain = plainBytes(atFrontOf: UInt64(littleEndian: word))
                from &+= plain
                to &+= plain
                if plain == 8 { continue }
            }
            to &+= write(source[from], to: target, at: to)
            from &+= 1
        }
    }

    private static func plainBytes(atFrontOf word: UInt64) -> Int {
        let quotes = word ^ ones &* UInt64(quote)
        let backslashes = word ^ ones &* UInt64(backslash)
        let controls = (word &- ones &* 0x20) & ~word
        // A borrow can only mark bytes behind one that is rightly marked, so the first mark is right.
        let marks = controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return (marks & highs).trailingZeroBitCount / 8
    }

    private static func escapeBytes(of byte: UInt8) -> Int {
        switch byte {
        case quote, backslash, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 1
        case 0..<0x20: 5
        default: 0
        }
    }

    /// Writes one byte or its escape and returns the length of that.
    private static func write(_ byte: UInt8, to target: UnsafeMutableRawBufferPointer, at index: Int) -> Int {
        let short: UInt8
        switch byte {
        case quote, backslash: short = byte
        case 0x08: short = UInt8(ascii: "b")
        case 0x09: short = UInt8(ascii: "t")
        case 0x0A: short = UInt8(ascii: "n")
        case 0x0C: short = UInt8(ascii: "f")
        case 0x0D: short = UInt8(ascii: "r")
        case 0..<0x20:
            let digit = byte & 15
            target[index] = backslash
            target[index &+ 1] = UInt8(ascii: "u")
            target[index &+ 2] = UInt8(ascii: "0")
            target[index &+ 3] = UInt8(ascii: "0")
            target[index &+ 4] = UInt8(ascii: "0") + byte / 16
            target[index &+ 5] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            return 6
        default:
            target[index] = byte
            return 1
        }
        target[index] = backslash
        target[index &+ 1] = short
        return 2
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080
}
