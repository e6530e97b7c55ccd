import Foundation
import Testing

@testable import FootbridgeWebhooks

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of the RFC hold both ways, padded or not`(bytes: String, text: String) {
        var encoded: [UInt8] = []
        Array(bytes.utf8).withUnsafeBytes { Base64.encode($0, into: &encoded) }
        #expect(encoded == Array(text.utf8))
        #expect(Base64.decode(text.utf8) == Array(bytes.utf8))
        #expect(Base64.decode(text.utf8.filter { $0 != UInt8(ascii: "=") }) == Array(bytes.utf8))
    }

    @Test func `every byte value agrees with Foundation at every alignment`() {
        for start in 0..<3 {
            let bytes = (start...255).map(UInt8.init)
            var encoded: [UInt8] = []
            bytes.withUnsafeBytes { Base64.encode($0, into: &encoded) }
            #expect(String(decoding: encoded, as: UTF8.self) == Data(bytes).base64EncodedString())
            #expect(Base64.decode(encoded) == bytes)
        }
    }

    @Test(arguments: [
        "Z", "Zg=", "Zg===", "Zm8==", "=", "==", "====", "Z===", "Zg==Zg==", "Zm 8", "Zm8=\n", "Zm-_", "Zh==", "Zm9",
        "Zmé",
    ])
    func `anything else is refused`(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}
