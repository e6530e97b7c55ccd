internal import FootbridgeWebhooks
internal import Glibc

/// Takes secrets out of what others answer, before people get to see it: error pages repeat the request that they refuse.
///
/// What is kept of an answer goes to attempts, dead letters, logs and reports, so it is masked once, where it comes in. A secret is
/// found as it is, and as URLs, JSON and HTML write it; who wants to hide it from this can, but knows it anyway.
struct SecretMask: Sendable, Equatable {
    /// The longest first: it may hold a shorter one.
    private var texts: [[UInt8]] = []

    /// What is shorter is in every other answer, and no secret.
    private static let leastBytes = 4
    private static let mask = Array("***".utf8)

    init() {}

    /// - Parameter secret: any text of four bytes or more.
    init(_ secret: String) { add(secret) }

    mutating func add(_ secret: String, atLeast least: Int = leastBytes) {
        add(Array(secret.utf8), atLeast: least)
    }

    mutating func add(_ secret: [UInt8], atLeast least: Int = leastBytes) {
        guard secret.count >= max(least, Self.leastBytes) else { return }
        let spellings = SecretSpellings(secret).all.filter { !texts.contains($0) }
        texts = (texts + spellings).sorted { $0.count > $1.count }
    }

    mutating func add(_ other: SecretMask) {
        texts = (texts + other.texts.filter { !texts.contains($0) }).sorted { $0.count > $1.count }
    }

    func masked(_ text: String) -> String { String(decoding: masked(Array(text.utf8)), as: UTF8.self) }

    /// - Parameter bytes: the head of an answer, which may end in the middle of a secret.
    func masked(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for text in texts where bytes.count >= text.count { Self.replace(text, in: &bytes) }
        // As long as its end is at least as long as what would be looked for whole.
        let cut = texts.lazy.map { Self.lengthOfCut($0, in: bytes) }.max() ?? 0
        if cut >= Self.leastBytes { bytes.replaceSubrange((bytes.count - cut)..., with: Self.mask) }
        return bytes
    }

    private static func replace(_ text: [UInt8], in bytes: inout [UInt8]) {
        guard var found = place(of: text, in: bytes, from: 0) else { return }
        var result: [UInt8] = []
        var end = 0
        while true {
            result += bytes[end..<found]
            result += mask
            end = found + text.count
            guard let next = place(of: text, in: bytes, from: end) else { break }
            found = next
        }
        bytes = result + bytes[end...]
    }

    private static func place(of text: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var place = start
            while place + text.count <= bytes.count {
                let room = bytes.count - text.count - place + 1
                guard let found = memchr(base + place, Int32(text[0]), room) else { return nil }
                place = UnsafeRawPointer(found) - base
                if memcmp(base + place, text, text.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }

    /// How many of the last bytes are the beginning of the text.
    private static func lengthOfCut(_ text: [UInt8], in bytes: [UInt8]) -> Int {
        let longest = min(text.count - 1, bytes.count)
        guard longest >= leastBytes else { return 0 }
        return (leastBytes...longest).last { bytes.suffix($0).elementsEqual(text.prefix($0)) } ?? 0
    }
}

/// The ways in which an answer may write a text: each that differs from the others.
private struct SecretSpellings {
    private(set) var all: [[UInt8]] = []

    init(_ text: [UInt8]) {
        add(text)
        for place in [PercentCoding.Place.url, .form] {
            var encoded: [UInt8] = []
            PercentCoding.append(text, for: place, to: &encoded)
            add(encoded)
        }
        let json = escaped(text) { byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
            default: nil
            }
        }
        add(json)
        // Of PHP's json_encode.
        add(escaped(json) { $0 == UInt8(ascii: "/") ? Array(#"\/"#.utf8) : nil })
        // Of Go's, and others that may stand in a page.
        add(escaped(json) { Self.unsafe.contains($0) ? Array(#"\u00"#.utf8) + Self.hexadecimal($0) : nil })
        add(escaped(text) { Self.entities[$0].map { Array($0.utf8) } })
    }

    private mutating func add(_ text: [UInt8]) {
        if !all.contains(text) { all.append(text) }
    }

    private func escaped(_ text: [UInt8], _ escape: (UInt8) -> [UInt8]?) -> [UInt8] {
        text.flatMap { escape($0) ?? [$0] }
    }

    private static let unsafe = Set("<>&".utf8)
    private static let entities: [UInt8: String] = [
        UInt8(ascii: "&"): "&amp;", UInt8(ascii: "<"): "&lt;", UInt8(ascii: ">"): "&gt;", UInt8(ascii: "\""): "&quot;",
    ]

    private static func hexadecimal(_ byte: UInt8) -> [UInt8] { Array(String(byte, radix: 16).utf8) }
}
