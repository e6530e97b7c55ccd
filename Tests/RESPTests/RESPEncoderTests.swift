import FootbridgeRESP
import Testing

struct RESPEncoderTests {
    /// The example of <https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server>.
    @Test func `a command is an array of bulk strings`() {
        #expect(RESPCommand("LLEN", "mylist").encoded == Array("*2\r\n$4\r\nLLEN\r\n$6\r\nmylist\r\n".utf8))
    }

    @Test func `a command takes text, bytes and integers, in every way of writing it`() {
        let bytes: [UInt8] = [0x00, 0xFF, 0x0D, 0x0A]
        let expected =
            Array("*6\r\n$4\r\nXADD\r\n$3\r\nkey\r\n$1\r\n7\r\n$4\r\n".utf8) + bytes + Array("\r\n$2\r\n".utf8)
            + bytes[2...] + Array("\r\n$20\r\n18446744073709551615\r\n".utf8)
        let command = RESPCommand("XADD", "key", 7, bytes, bytes[2...], UInt64.max)
        #expect(command.encoded == expected)
        #expect(command == ["XADD", "key", 7, bytes, bytes[2...], UInt64.max])
        #expect(command == RESPCommand("XADD", arguments: ["key", 7, bytes, bytes[2...], UInt64.max]))
        #expect(command.description == "XADD")
    }

    @Test(
        arguments: [
            (Int64.min, "$20\r\n-9223372036854775808\r\n"), (-10, "$3\r\n-10\r\n"), (-1, "$2\r\n-1\r\n"),
            (0, "$1\r\n0\r\n"),
            (9, "$1\r\n9\r\n"), (10, "$2\r\n10\r\n"), (1_795_478_505_115, "$13\r\n1795478505115\r\n"),
            (.max, "$19\r\n9223372036854775807\r\n"),
        ] as [(Int64, String)])
    func `integers are written in decimal`(value: Int64, text: String) {
        var encoder = RESPEncoder()
        encoder.argument(integer: value)
        #expect(encoder.bytes == Array(text.utf8))
    }

    @Test func `integers of any width`() {
        var encoder = RESPEncoder()
        encoder.argument(integer: UInt8.max)
        encoder.argument(integer: Int128.min)
        #expect(encoder.bytes == Array("$3\r\n255\r\n$40\r\n-170141183460469231731687303715884105728\r\n".utf8))
    }

    @Test func `each kind of argument gives the same bytes`() {
        let text = "naïve\r\n"
        let expected = Array("$8\r\nnaïve\r\n\r\n".utf8)
        let bytes = Array(text.utf8)
        let encodings: [(inout RESPEncoder) -> Void] = [
            { $0.argument(text) },
            { $0.argument("naïve\r\n" as StaticString) },
            { $0.argument(bytes) },
            { $0.argument(([0x20] + bytes)[1...]) },
            { $0.argument(text.utf8) },
            { encoder in bytes.withUnsafeBytes { encoder.argument($0) } },
        ]
        for encode in encodings {
            var encoder = RESPEncoder()
            encode(&encoder)
            #expect(encoder.bytes == expected)
        }
    }

    @Test func `commands follow each other in one buffer, and come back as they went`() {
        var encoder = RESPEncoder()
        encoder.beginCommand(argumentCount: 1)
        encoder.argument("lost")
        encoder.removeAll()
        encoder.beginCommand(argumentCount: 12)
        for argument in 0..<12 { encoder.argument(integer: argument * argument * argument) }
        encoder.append(RESPCommand("PING"))
        encoder.beginCommand(argumentCount: 2)
        encoder.argument(0, UInt8(ascii: "-"), 0)
        encoder.argument(.max, UInt8(ascii: "-"), .max)
        #expect(
            RESPDecoder.decode([encoder.bytes[...]])
                == Decoded(values: [
                    .array(
                        RESPArray(
                            ["0", "1", "8", "27", "64", "125", "216", "343", "512", "729", "1000", "1331"]
                                .map { .bulk($0) })),
                    .array([.bulk("PING")]),
                    .array([.bulk("0-0"), .bulk("18446744073709551615-18446744073709551615")]),
                ])
        )
    }

    @Test func `arguments in one go are those one by one`() throws {
        let lengths = [0, 1, 9, 10, 99, 100, 12_345, 0]
        let bodies = lengths.map { [UInt8](repeating: UInt8(ascii: "x"), count: $0) }
        var (single, together) = (RESPEncoder(), RESPEncoder())
        for body in bodies { single.argument(body) }
        let end = bodies.reduce(into: [Int]()) { $0.append(($0.last ?? 0) + $1.count) }
        RESPStrings(bodies.flatMap(\.self), ends: end).withUnsafeStrings { together.arguments($0) }
        #expect(together.bytes == single.bytes)
    }
}
