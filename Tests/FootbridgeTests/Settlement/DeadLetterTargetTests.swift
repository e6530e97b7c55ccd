import Testing

@testable import Footbridge

struct DeadLetterTargetTests {
    /// A hash tag is what stands between the first `{` and the first `}` after it, if anything does:
    /// <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags>
    @Test(arguments: [
        ("orders", "{orders}:dead:r"), ("{shop}:orders", "{shop}:orders:dead:r"), ("a{b}c", "a{b}c:dead:r"),
        ("é", "{é}:dead:r"), ("a{b", "{a{b}:dead:r"), ("foo{{bar}}zap", "foo{{bar}}zap:dead:r"),
    ])
    func `each stream has a dead-letter stream beside it, in the same slot`(stream: String, dead: String) {
        #expect(DeadLetterTarget.perStream.name(for: stream, route: "r") == dead)
        #expect(slot(dead) == slot(stream))
    }

    @Test func `one stream for all, or none`() {
        #expect(DeadLetterTarget.stream("graveyard").name(for: "orders", route: "r") == "graveyard")
        #expect(DeadLetterTarget.off.name(for: "orders", route: "r") == nil)
    }

    /// The specification's own vector.
    @Test func `the slot is computed as Redis does`() {
        #expect(crc16(Array("123456789".utf8)) == 0x31c3)
        #expect(slot("{user1000}.following") == slot("{user1000}.followers"))
        #expect(slot("foo{}{bar}") == crc16(Array("foo{}{bar}".utf8)) % 16384)
    }

    private func slot(_ key: String) -> UInt16 {
        let bytes = Array(key.utf8)
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")),
            let close = bytes[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        else { return crc16(bytes) % 16384 }
        return crc16(Array(bytes[(open + 1)..<close])) % 16384
    }

    /// CRC16/XMODEM, bit by bit.
    private func crc16(_ bytes: [UInt8]) -> UInt16 {
        bytes.reduce(0) { sum, byte in
            (0..<8).reduce(sum ^ UInt16(byte) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        }
    }
}
