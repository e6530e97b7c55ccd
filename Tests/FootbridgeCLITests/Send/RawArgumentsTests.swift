import Testing

@testable import footbridge

struct RawArgumentsTests {
    @Test func `bytes that are not UTF-8 are found again, in their order`() {
        let raw: [[UInt8]] = [
            Array("send".utf8), [0x61, 0x3D, 0xFF], Array("--rate".utf8), [0x61, 0x3D, 0xFE], [0x62, 0x3D],
        ]
        let arguments = [raw[1], raw[3], raw[4]].map { String(decoding: $0, as: UTF8.self) }
        #expect(RawArguments.bytes(of: arguments, in: raw) == [raw[1], raw[3], raw[4]])
    }

    @Test func `text stays what it is, composed or not, and so does a replacement character`() {
        let arguments = ["a=\u{e9}", "a=e\u{301}", "a=\u{fffd}"]
        #expect(
            RawArguments.bytes(of: arguments, in: arguments.map { Array($0.utf8) }) == arguments.map { Array($0.utf8) })
    }
}
