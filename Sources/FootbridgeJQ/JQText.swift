/// A reader of jq's own text: where strings, comments and parentheses end, and which names stand in it.
///
/// It knows jq 1.6's tokens, not its grammar: libjq has the last word on what is a program.
struct JQText {
    enum Name: Equatable {
        /// A function, or a word of the language.
        case plain(String)
        /// `$name`, with the dollar.
        case variable(String)
    }

    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Where the parenthesis closes that was opened before `start`: the index behind it; `nil` if nothing closes it.
    func endOfExpression(from start: Int) -> Int? {
        var index = start
        var depth = 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                guard let end = endOfString(from: index + 1, { _, _ in }) else { return nil }
                index = end
                continue
            case UInt8(ascii: "#"):
                index = endOfLine(from: index)
                continue
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Calls back for each name that is used, with its place: not for keys of objects, fields, or words in strings.
    func names(_ found: (Name, Int) -> Void) { _ = names(from: 0, isInside: false, found) }

    /// - Returns: the index behind the closing parenthesis of an interpolation, or the end.
    private func names(from start: Int, isInside: Bool, _ found: (Name, Int) -> Void) -> Int {
        var index = start
        // The brackets that are open: for a brace, whether a key comes next.
        var open: [(bracket: UInt8, wantsKey: Bool)] = []
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index = endOfString(from: index + 1, found) ?? bytes.count
                continue
            case UInt8(ascii: "#"):
                index = endOfLine(from: index)
                continue
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
                open.append((byte, byte == UInt8(ascii: "{")))
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                if open.isEmpty, isInside, byte == UInt8(ascii: ")") { return index + 1 }
                _ = open.popLast()
            case UInt8(ascii: ","):
                if let last = open.indices.last { open[last].wantsKey = open[last].bracket == UInt8(ascii: "{") }
            case UInt8(ascii: ":"):
                if let last = open.indices.last { open[last].wantsKey = false }
            case UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: "$"):
                let end = endOfName(from: index + 1)
                if byte == UInt8(ascii: "$"), end > index + 1 {
                    found(.variable(String(decoding: bytes[index..<end], as: UTF8.self)), index)
                }
                index = max(end, index + 1)
                continue
            case _ where isDigit(byte):
                index = endOfNumber(from: index)
                continue
            case _ where isNameStart(byte):
                let end = endOfName(from: index)
                if open.last?.wantsKey != true {
                    found(.plain(String(decoding: bytes[index..<end], as: UTF8.self)), index)
                }
                index = end
                continue
            default: break
            }
            index += 1
        }
        return index
    }

    /// The index behind the closing quote; `nil` if there is none. Interpolations are read as programs.
    private func endOfString(from start: Int, _ found: (Name, Int) -> Void) -> Int? {
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "("):
                index = names(from: index + 2, isInside: true, found)
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    private func endOfLine(from start: Int) -> Int { bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count }

    private func endOfName(from start: Int) -> Int {
        guard start < bytes.count, isNameStart(bytes[start]) else { return start }
        var end = start
        while end < bytes.count, isNameStart(bytes[end]) || isDigit(bytes[end]) || bytes[end] == UInt8(ascii: ":") {
            // `a::b` is one name, `a:` is a key.
            if bytes[end] == UInt8(ascii: ":") {
                guard end + 2 < bytes.count, bytes[end + 1] == UInt8(ascii: ":"), isNameStart(bytes[end + 2]) else {
                    break
                }
                end += 1
            }
            end += 1
        }
        return end
    }

    private func endOfNumber(from start: Int) -> Int {
        var end = start
        while end < bytes.count, isDigit(bytes[end]) || bytes[end] == UInt8(ascii: ".") { end += 1 }
        guard end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") else { return end }
        var exponent = end + 1
        if exponent < bytes.count, bytes[exponent] == UInt8(ascii: "+") || bytes[exponent] == UInt8(ascii: "-") {
            exponent += 1
        }
        guard exponent < bytes.count, isDigit(bytes[exponent]) else { return end }
        while exponent < bytes.count, isDigit(bytes[exponent]) { exponent += 1 }
        return exponent
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isNameStart(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    /// Line and column of a byte, from 1; columns in Unicode scalars.
    func place(of index: Int) -> (line: Int, column: Int) {
        let before = bytes.prefix(max(0, index))
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (line, before[start...].count { $0 & 0xC0 != 0x80 } + 1)
    }

    /// The index of a line's first byte; lines count from 1.
    func start(ofLine line: Int) -> Int {
        var index = 0
        for _ in 1..<max(1, line) {
            guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { break }
            index = end + 1
        }
        return index
    }
}
