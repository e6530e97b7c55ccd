import Foundation
import Testing

@testable import FootbridgeWebhooks

@Suite struct JSONSyntaxTests {
    private func isValue(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { JSONSyntax.isValue($0) } }

    /// RFC 8259.
    @Test(arguments: [
        "0", "-0", "12.50", "1e9", "-1.5E+10", "true", "false", "null", #""""#, #""a\"\\\/\b\f\n\r\té""#, "[]", "{}",
        " [ 1 , {\"a\" : [ ] } ]\n", #"{"a":1,"a":2}"#, "12345678901234567890123", "\t\"x\" ", "\"\u{7f}\"",
    ]) func `is a JSON text`(text: String) { #expect(isValue(Array(text.utf8))) }

    @Test(arguments: [
        "", " ", "01", "1.", ".5", "+1", "-", "1e", "1e+", "0x10", "NaN", "Infinity", "nul", "nulll", "True", "'a'",
        "\"a",
        "{]", "[1}", #"{"a":1 "b":2}"#, "{1:2}", "\u{FEFF}1",
        "\"a\nb\"", #""\x""#, #""\u12""#, #""\u12G4""#, "[1,]", "[,1]", "[1 2]", "[", "]", "{\"a\"}", "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}", "{\"a\":1", "1 2", "[] []", "2024-01-31", "1,5", "a", "\"\\", "-a", "tru", "[\"a\",",
    ]) func `is none`(text: String) { #expect(!isValue(Array(text.utf8))) }

    @Test func `bytes that are not UTF-8 are none, and depth has an end`() {
        #expect(!isValue([0x22, 0xff, 0x22]))
        #expect(!isValue([0x22, 0xed, 0xa0, 0x80, 0x22]))
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
        }
        #expect(isValue(nested(256)))
        #expect(!isValue(nested(257)))
        #expect(!isValue([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)))
        #expect(!isValue(Array(String(repeating: "{\"a\":", count: 100_000).utf8)))
    }

    @Test func `a text that is cut off anywhere is none`() {
        let text = Array(#"{"a":[1.5e3,true,null,{"b":"c\u00e9\""}]}"#.utf8)
        #expect(isValue(text))
        for length in 0..<text.count { #expect(!isValue(Array(text.prefix(length)))) }
    }

    /// Whatever is taken must be taken by another parser as well.
    @Test func `what is taken, Foundation takes too`() {
        var random = SystemRandomNumberGenerator()
        let seeds = [#"{"a":[1,-2.5e3,"x\u00e9",null,true,false],"b":{}}"#, #"["",0,[[]],{"k":"v"}]"#].map {
            Array($0.utf8)
        }
        let alphabet = Array("{}[]\",:\\0123456789.eE+-truefalsn u\n".utf8)
        for _ in 0..<20_000 {
            var bytes = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[place] = alphabet.randomElement(using: &random) ?? 0
                } else {
                    bytes.remove(at: place)
                }
            }
            guard isValue(bytes) else { continue }
            let value = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect(value != nil, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
