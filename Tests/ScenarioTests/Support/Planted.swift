import Foundation

/// A value that stands nowhere by accident, and the forms in which somebody who looks for it would know it again.
struct Planted {
    let name: String
    let text: String

    /// - Parameter text: without it one that may stand anywhere, in a URL, too.
    init(_ name: String, _ text: String? = nil) {
        self.name = name
        self.text = text ?? "pl4nted-\(name)-7f3a9c"
    }

    var forms: [(name: String, bytes: Data)] {
        let bytes = Array(text.utf8)
        var forms = [("plain", text), ("percent-encoded", encoded { "%\(Self.hex($0).uppercased())" })]
        forms += [("hexadecimal", bytes.map(Self.hex).joined()), ("HTML", html), ("JSON", json)]
        forms.append(("JSON of PHP", json.replacing("/", with: "\\/")))
        // Wherever it begins in what is encoded: three bytes at a time become four characters.
        for offset in 0..<3 {
            let part = Data(bytes.dropFirst(offset).prefix((bytes.count - offset) / 3 * 3))
            let code = part.base64EncodedString()
            forms.append(("base64", code))
            forms.append(("base64url", code.replacing("+", with: "-").replacing("/", with: "_")))
        }
        return forms.map { ($0.0, Data($0.1.utf8)) }
    }

    /// Where it stands in these texts, by name.
    func places(in texts: [(name: String, text: Data)]) -> [String] {
        texts.flatMap { text in
            forms.filter { text.text.range(of: $0.bytes) != nil }.map { "\(name), \($0.name), in \(text.name)" }
        }
    }

    /// For a URL.
    var percentEncoded: String { encoded { "%\(Self.hex($0).uppercased())" } }

    private func encoded(_ escape: (UInt8) -> String) -> String {
        text.utf8.map { byte in
            let isPlain = Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber
            return byte < 0x80 && (isPlain || "-._~".utf8.contains(byte)) ? String(UnicodeScalar(byte)) : escape(byte)
        }.joined()
    }

    private var html: String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private var json: String { text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
