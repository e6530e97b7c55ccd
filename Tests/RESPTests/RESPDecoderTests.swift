import FootbridgeRESP
import Testing

struct RESPDecoderTests {
    @Test(arguments: Recording.all)
    func `a recorded reply is what the server meant`(recording: Recording) {
        #expect(RESPDecoder.decode([recording.bytes[...]]) == Decoded(values: [recording.value]))
    }

    /// The examples of <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
    @Test(
        arguments: [
            ("+OK\r\n", RESPValue.simple("OK")),
            ("+\r\n", .simple("")),
            ("-WRONGTYPE Operation against a key\r\n", .failure("WRONGTYPE Operation against a key")),
            (":0\r\n", .integer(0)),
            (":+1000\r\n", .integer(1000)),
            (":-9223372036854775808\r\n", .integer(.min)),
            (":9223372036854775807\r\n", .integer(.max)),
            ("$5\r\nhello\r\n", .bulk("hello")),
            ("$0\r\n\r\n", .bulk("")),
            ("$4\r\n\r\n\r\n\r\n", .bulk("\r\n\r\n")),
            ("$-1\r\n", .null),
            ("*0\r\n", .array([])),
            ("*3\r\n:1\r\n:2\r\n:3\r\n", .array([.integer(1), .integer(2), .integer(3)])),
            (
                "*2\r\n*3\r\n:1\r\n$5\r\nhello\r\n:2\r\n+OK\r\n",
                .array([.array([.integer(1), .bulk("hello"), .integer(2)]), .simple("OK")])
            ),
            ("*3\r\n$5\r\nhello\r\n$-1\r\n*-1\r\n", .array([.bulk("hello"), .null, .null])),
            (",1.23\r\n", .double(1.23)),
            (",10\r\n", .double(10)),
            (",-1.5E-3\r\n", .double(-0.0015)),
            (",+1e+2\r\n", .double(100)),
            (",inf\r\n", .double(.infinity)),
            (",-inf\r\n", .double(-.infinity)),
            ("(-3492890328409238509324850943850943825024385\r\n", .big("-3492890328409238509324850943850943825024385")),
            ("!21\r\nSYNTAX invalid syntax\r\n", .failure("SYNTAX invalid syntax")),
            ("=15\r\ntxt:Some string\r\n", .verbatim("txt", "Some string")),
            ("=4\r\nmkd:\r\n", .verbatim("mkd", "")),
            (
                "%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n",
                .map([.simple("first"), .integer(1), .simple("second"), .integer(2)])
            ),
            ("%0\r\n", .map([])),
            ("~2\r\n$1\r\na\r\n#t\r\n", .set([.bulk("a"), .boolean(true)])),
            (">2\r\n+message\r\n_\r\n", .push([.simple("message"), .null])),
        ] as [(String, RESPValue)])
    func `each type is read`(text: String, value: RESPValue) {
        #expect(RESPDecoder.decode(text) == Decoded(values: [value]))
    }

    @Test(arguments: [",nan\r\n", ",-nan\r\n"])
    func `a double may be no number`(text: String) throws {
        guard case .double(let value) = try #require(RESPDecoder.decode(text).values.first) else {
            Issue.record("not a double")
            return
        }
        #expect(value.isNaN)
    }

    @Test func `attributes are dropped wherever they stand`() {
        let attribute = "|1\r\n+ttl\r\n*2\r\n|1\r\n+deep\r\n_\r\n:1\r\n:2\r\n"
        let text =
            "\(attribute)*3\r\n:1\r\n\(attribute)\(attribute):2\r\n|0\r\n*1\r\n\(attribute)$1\r\na\r\n\(attribute)+OK\r\n"
        #expect(
            RESPDecoder.decode(text)
                == Decoded(values: [.array([.integer(1), .integer(2), .array([.bulk("a")])]), .simple("OK")])
        )
    }

    @Test(
        arguments: [
            ("HTTP/1.1 400 Bad Request\r\n", RESPError.unknownType(0x48)),
            ("\r\n", .unknownType(0x0D)),
            ("$?\r\n;4\r\nHell\r\n", .streamed(type: 0x24)),
            ("*?\r\n", .streamed(type: 0x2A)),
            ("%?\r\n", .streamed(type: 0x25)),
            (";4\r\nHell\r\n", .streamed(type: 0x3B)),
            (".\r\n", .streamed(type: 0x2E)),
            ("$-2\r\n", .invalidLength(type: 0x24)),
            ("$-0\r\n", .invalidLength(type: 0x24)),
            ("$+5\r\n", .invalidLength(type: 0x24)),
            ("$\r\n", .invalidLength(type: 0x24)),
            ("$5a\r\n", .invalidLength(type: 0x24)),
            ("*-2\r\n", .invalidLength(type: 0x2A)),
            ("%-1\r\n", .invalidLength(type: 0x25)),
            ("!-1\r\n", .invalidLength(type: 0x21)),
            ("$99999999999999999999\r\n", .invalidLength(type: 0x24)),
            (":\r\n", .invalidValue(type: 0x3A)),
            (":-\r\n", .invalidValue(type: 0x3A)),
            (":1.5\r\n", .invalidValue(type: 0x3A)),
            (":9223372036854775808\r\n", .invalidValue(type: 0x3A)),
            (":-9223372036854775809\r\n", .invalidValue(type: 0x3A)),
            (",\r\n", .invalidValue(type: 0x2C)),
            (",0x10\r\n", .invalidValue(type: 0x2C)),
            (",.5\r\n", .invalidValue(type: 0x2C)),
            (",1.\r\n", .invalidValue(type: 0x2C)),
            (",1e\r\n", .invalidValue(type: 0x2C)),
            (",infinity\r\n", .invalidValue(type: 0x2C)),
            ("(12a\r\n", .invalidValue(type: 0x28)),
            ("(-\r\n", .invalidValue(type: 0x28)),
            ("#x\r\n", .invalidValue(type: 0x23)),
            ("#true\r\n", .invalidValue(type: 0x23)),
            ("_0\r\n", .invalidValue(type: 0x5F)),
            ("=3\r\ntxt\r\n", .invalidValue(type: 0x3D)),
            ("=5\r\ntxtab\r\n", .invalidValue(type: 0x3D)),
            ("+a\rb\r\n", .missingLineEnd(found: 0x62)),
            ("+a\nb\r\n", .missingLineEnd(found: 0x0A)),
            ("$3\r\nabcd\r\n", .missingLineEnd(found: 0x64)),
            ("$3\r\nabc\rx", .missingLineEnd(found: 0x78)),
        ] as [(String, RESPError)])
    func `what is no reply is an error that stays`(text: String, failure: RESPError) throws {
        var decoder = RESPDecoder()
        decoder.append(Array("+OK\r\n\(text)".utf8))
        #expect(try decoder.next() == .simple("OK"))
        #expect(throws: failure) { try decoder.next() }
        decoder.append(Array("+OK\r\n".utf8))
        #expect(throws: failure) { try decoder.next() }
        #expect(decoder.bufferedBytes == 0)
    }

    @Test func `an error is told in a sentence`() {
        #expect(RESPError.unknownType(0x48).description == "a reply cannot begin with 'H'; is this a Redis server?")
        #expect(RESPError.missingLineEnd(found: 0x0A).description == "found byte 0x0a where CR LF has to be")
        #expect(
            RESPError.bulkTooLong(announced: 9, limit: 8).description
                == "a string of 9 bytes was announced; the limit is 8"
        )
    }

    @Test func `a reply cut off waits for its rest`() throws {
        for recording in Recording.all {
            for count in recording.bytes.indices {
                #expect(RESPDecoder.decode([recording.bytes[..<count]]) == Decoded())
            }
        }
    }
}
