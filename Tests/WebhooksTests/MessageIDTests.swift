import FootbridgeWebhooks
import Testing

/// Hashes by sha256sum.
@Suite struct MessageIDTests {
    @Test(
        arguments: [
            (Array("orders".utf8), 1_700_000_000_000, 0, "msg_1c168adb00d208e4_1700000000000-0"),
            ([0x7B, 0xFF, 0x7D, 0x3A, 0x74], 0, 1, "msg_7940f8a65ffb21b6_0-1"),
            ([], .max, .max, "msg_e3b0c44298fc1c14_18446744073709551615-18446744073709551615"),
        ] as [([UInt8], UInt64, UInt64, String)])
    func `an id is made of the stream's hash and the entry's id`(
        stream: [UInt8], milliseconds: UInt64, sequence: UInt64, expected: String
    ) throws {
        var id = Array("> ".utf8)
        try MessageID(stream: stream).append(milliseconds: milliseconds, sequence: sequence, to: &id)
        #expect(String(decoding: id, as: UTF8.self) == "> " + expected)
    }

    /// `printf 'shop\0orders' | sha256sum`
    @Test(arguments: [("shop", "orders", "msg_273b481b0b7498df_7-0"), ("größe", "", "msg_925f83ace626b67a_7-0")])
    func `a namespace goes into the hash, apart from the key`(
        namespace: String, stream: String, expected: String
    ) throws {
        var id: [UInt8] = []
        try MessageID(stream: stream.utf8, namespace: namespace).append(milliseconds: 7, sequence: 0, to: &id)
        #expect(String(decoding: id, as: UTF8.self) == expected)
    }
}
