import Testing

@testable import FootbridgeRESP

/// However the bytes are cut, the values are the same.
struct SplitTests {
    private static let bytes = Recording.all.flatMap(\.bytes)
    private static let expected = Decoded(values: Recording.all.map(\.value))

    @Test func `pipelined replies come out one by one, in order`() {
        #expect(RESPDecoder.decode([Self.bytes[...]]) == Self.expected)
    }

    @Test func `one byte at a time`() {
        #expect(RESPDecoder.decode(Self.bytes.indices.map { Self.bytes[$0...$0] }) == Self.expected)
    }

    @Test func `two parts, cut anywhere`() {
        for cut in Self.bytes.indices
        where RESPDecoder.decode([Self.bytes[..<cut], Self.bytes[cut...]]) != Self.expected {
            Issue.record("cut at \(cut)")
        }
    }

    @Test(arguments: 2...40)
    func `parts of equal length`(length: Int) {
        let pieces = stride(from: 0, to: Self.bytes.count, by: length).map {
            Self.bytes[$0..<min($0 + length, Self.bytes.count)]
        }
        #expect(RESPDecoder.decode(pieces) == Self.expected)
    }

    @Test func `a byte once looked at is not looked at again`() throws {
        let parts = [
            ("*2", 2), ("\r\n+a", 6), (" long line", 16), ("\r", 16), ("\n$8\r\n", 22), ("body", 22), ("body\r\n", 32),
        ]
        var scanner = ReplyScanner(limits: RESPLimits())
        var bytes: [UInt8] = []
        for (part, position) in parts {
            bytes += Array(part.utf8)
            let isComplete = try scanner.scan(bytes.span)
            #expect(isComplete == (position == 32))
            #expect(scanner.position == position)
        }
    }

    @Test func `values stay what they were while the decoder goes on`() throws {
        var decoder = RESPDecoder()
        decoder.append(Array("$5\r\nfirst\r\n$6\r\nsec".utf8))
        let first = try decoder.next()
        #expect(try decoder.next() == nil)
        decoder.append(Array("ond\r\n".utf8))
        #expect(try decoder.next() == .bulk("second"))
        #expect(first == .bulk("first"))
        #expect(decoder.bufferedBytes == 0)
    }

    @Test func `strings of pipelined replies are slices of one buffer`() throws {
        let reply = Array("$5\r\nhello\r\n".utf8)
        var decoder = RESPDecoder()
        decoder.append(repeatElement(reply, count: 1000).joined())
        var addresses: [Int] = []
        var kept: [RESPValue] = []
        while let value = try decoder.next() {
            let bytes = try #require(value.bytes)
            bytes.withUnsafeBytes { addresses.append(Int(bitPattern: $0.baseAddress)) }
            kept.append(value)
        }
        #expect(addresses.map { $0 - addresses[0] } == (0..<1000).map { $0 * reply.count })
    }

    @Test func `a run of integers with a part left over each time does not pile up`() throws {
        var decoder = RESPDecoder()
        decoder.append(Array(":1".utf8))
        for _ in 0..<10_000 {
            decoder.append(Array("\r\n:1".utf8))
            #expect(try decoder.next() == .integer(1))
            #expect(try decoder.next() == nil)
            #expect(decoder.bufferedBytes == 2)
        }
    }
}
