import FootbridgeRESP
import Testing

/// A reply as Redis 7.0.15 sent it, recorded from its socket, and what it says.
struct Recording: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let value: RESPValue

    init(_ name: String, _ text: String, _ value: RESPValue) {
        testDescription = name
        // The recorded body that is not UTF-8 is 00 FF CR LF; "ÿ" stands for its FF.
        bytes = text.unicodeScalars.map { UInt8($0.value) }
        self.value = value
    }

    private static let binary = RESPValue.bulkString([0x00, 0xFF, 0x0D, 0x0A])

    private static let entries: (first: RESPValue, second: RESPValue, other: RESPValue) = (
        .array([.bulk("1-1"), .array([.bulk("f"), .bulk("1"), .bulk("f"), .bulk("2"), .bulk(""), .bulk("")])]),
        .array([.bulk("1-2"), .array([.bulk("data"), binary])]),
        .array([.bulk("5-0"), .array([.bulk("k"), .bulk("v")])])
    )

    private static let entryText = (
        first: "*2\r\n$3\r\n1-1\r\n*6\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\nf\r\n$1\r\n2\r\n$0\r\n\r\n$0\r\n\r\n",
        second: "*2\r\n$3\r\n1-2\r\n*2\r\n$4\r\ndata\r\n$4\r\n\u{0}\u{FF}\r\n\r\n",
        other: "*2\r\n$3\r\n5-0\r\n*2\r\n$1\r\nk\r\n$1\r\nv\r\n"
    )

    static let all: [Recording] = [
        Recording(
            "XREADGROUP of two streams, RESP2",
            "*2\r\n*2\r\n$2\r\ns1\r\n*2\r\n\(entryText.first)\(entryText.second)*2\r\n$1\r\nt\r\n*1\r\n\(entryText.other)",
            .array([
                .array([.bulk("s1"), .array([entries.first, entries.second])]),
                .array([.bulk("t"), .array([entries.other])]),
            ])
        ),
        Recording(
            "XREADGROUP of two streams, RESP3",
            "%2\r\n$2\r\ns1\r\n*2\r\n\(entryText.first)\(entryText.second)$1\r\nt\r\n*1\r\n\(entryText.other)",
            .map([
                .bulk("s1"), .array([entries.first, entries.second]), .bulk("t"), .array([entries.other]),
            ])
        ),
        Recording("XREADGROUP of nothing, RESP2", "*-1\r\n", .null),
        Recording("XREADGROUP of nothing, RESP3", "_\r\n", .null),
        Recording(
            "XREADGROUP of a deleted entry, RESP2",
            "*1\r\n*2\r\n$2\r\ns1\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*-1\r\n\(entryText.second)",
            .array([.array([.bulk("s1"), .array([.array([.bulk("1-1"), .null]), entries.second])])])
        ),
        Recording(
            "XREADGROUP of a deleted entry, RESP3",
            "%1\r\n$2\r\ns1\r\n*2\r\n*2\r\n$3\r\n1-1\r\n_\r\n\(entryText.second)",
            .map([.bulk("s1"), .array([.array([.bulk("1-1"), .null]), entries.second])])
        ),
        Recording(
            "XAUTOCLAIM with a deleted entry",
            "*3\r\n$3\r\n0-0\r\n*1\r\n\(entryText.second)*1\r\n$3\r\n1-1\r\n",
            .array([.bulk("0-0"), .array([entries.second]), .array([.bulk("1-1")])])
        ),
        Recording(
            "XPENDING of nothing, RESP2",
            "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n",
            .array([.integer(0), .null, .null, .null])
        ),
        Recording(
            "XPENDING of nothing, RESP3",
            "*4\r\n:0\r\n_\r\n_\r\n_\r\n",
            .array([.integer(0), .null, .null, .null])
        ),
        Recording(
            "XPENDING summary",
            "*4\r\n:2\r\n$3\r\n1-1\r\n$3\r\n1-2\r\n*1\r\n*2\r\n$2\r\nc2\r\n$1\r\n2\r\n",
            .array([
                .integer(2), .bulk("1-1"), .bulk("1-2"), .array([.array([.bulk("c2"), .bulk("2")])]),
            ])
        ),
        Recording(
            "XPENDING with a range",
            "*2\r\n*4\r\n$3\r\n1-1\r\n$2\r\nc2\r\n:501\r\n:1\r\n*4\r\n$3\r\n1-2\r\n$2\r\nc2\r\n:200\r\n:2\r\n",
            .array([
                .array([.bulk("1-1"), .bulk("c2"), .integer(501), .integer(1)]),
                .array([.bulk("1-2"), .bulk("c2"), .integer(200), .integer(2)]),
            ])
        ),
        Recording(
            "XINFO CONSUMERS, RESP2",
            "*1\r\n*6\r\n$4\r\nname\r\n$2\r\nc2\r\n$7\r\npending\r\n:2\r\n$4\r\nidle\r\n:401\r\n",
            .array([
                .array([
                    .bulk("name"), .bulk("c2"), .bulk("pending"), .integer(2), .bulk("idle"), .integer(401),
                ])
            ])
        ),
        Recording(
            "XINFO CONSUMERS, RESP3",
            "*1\r\n%3\r\n$4\r\nname\r\n$2\r\nc2\r\n$7\r\npending\r\n:2\r\n$4\r\nidle\r\n:401\r\n",
            .array([
                .map([
                    .bulk("name"), .bulk("c2"), .bulk("pending"), .integer(2), .bulk("idle"), .integer(401),
                ])
            ])
        ),
        Recording(
            "HELLO 3",
            "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:4\r\n"
                + "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
            .map([
                .bulk("server"), .bulk("redis"), .bulk("version"), .bulk("7.0.15"), .bulk("proto"), .integer(3),
                .bulk("id"), .integer(4), .bulk("mode"), .bulk("standalone"), .bulk("role"), .bulk("master"),
                .bulk("modules"), .array([]),
            ])
        ),
        Recording(
            "XREADGROUP without a group",
            "-NOGROUP No such key 'nope' or consumer group 'g' in XREADGROUP with GROUP option\r\n",
            .failure("NOGROUP No such key 'nope' or consumer group 'g' in XREADGROUP with GROUP option")
        ),
        // DEBUG PROTOCOL sends one of each type of RESP3.
        Recording("DEBUG PROTOCOL double", ",3.141\r\n", .double(3.141)),
        Recording("DEBUG PROTOCOL true", "#t\r\n", .boolean(true)),
        Recording("DEBUG PROTOCOL false", "#f\r\n", .boolean(false)),
        Recording(
            "DEBUG PROTOCOL bignum",
            "(1234567999999999999999999999999999999\r\n",
            .big("1234567999999999999999999999999999999")
        ),
        Recording(
            "DEBUG PROTOCOL verbatim",
            "=29\r\ntxt:This is a verbatim\nstring\r\n",
            .verbatim("txt", "This is a verbatim\nstring")
        ),
        Recording("DEBUG PROTOCOL set", "~3\r\n:0\r\n:1\r\n:2\r\n", .set([.integer(0), .integer(1), .integer(2)])),
        Recording(
            "DEBUG PROTOCOL map",
            "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n",
            .map([.integer(0), .boolean(false), .integer(1), .boolean(true), .integer(2), .boolean(false)])
        ),
        Recording(
            "DEBUG PROTOCOL attrib",
            "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"
                + "$39\r\nSome real reply following the attribute\r\n",
            .bulk("Some real reply following the attribute")
        ),
        Recording(
            "DEBUG PROTOCOL push",
            ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n",
            .push([.bulk("server-cpu-usage"), .integer(42)])
        ),
    ]
}
