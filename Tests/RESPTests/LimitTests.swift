import FootbridgeRESP
import Foundation
import Testing

struct LimitTests {
    private static let small = RESPLimits(bulkBytes: 8, elements: 4, depth: 2, lineBytes: 10, replyBytes: 40)

    @Test(arguments: [
        "$8\r\n12345678\r\n", "*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", "%2\r\n_\r\n_\r\n_\r\n_\r\n", "*1\r\n*1\r\n_\r\n",
        "+1234567890\r\n", "*3\r\n+12345678\r\n+12345678\r\n$8\r\n12345678\r\n",
        "*4\r\n+123456\r\n+123456\r\n+123456\r\n+123456\r\n",
    ])
    func `what a limit allows passes`(text: String) {
        let decoded = RESPDecoder.decode(text, limits: Self.small)
        #expect(decoded.values.count == 1)
        #expect(decoded.failure == nil)
    }

    @Test(
        arguments: [
            ("$9\r\n", RESPError.bulkTooLong(announced: 9, limit: 8)),
            ("$9\r\n123456789\r\n", .bulkTooLong(announced: 9, limit: 8)),
            ("!9\r\n", .bulkTooLong(announced: 9, limit: 8)),
            ("*5\r\n", .tooManyElements(announced: 5, limit: 4)),
            ("%3\r\n", .tooManyElements(announced: 3, limit: 4)),
            ("|3\r\n", .tooManyElements(announced: 3, limit: 4)),
            ("*1\r\n*1\r\n*1\r\n", .tooDeep(limit: 2)),
            ("*1\r\n*1\r\n*0\r\n", .tooDeep(limit: 2)),
            ("|1\r\n*1\r\n%1\r\n", .tooDeep(limit: 2)),
            ("+12345678901", .lineTooLong(limit: 10)),
            ("$00000000001", .lineTooLong(limit: 10)),
            ("*4\r\n+123456\r\n+123456\r\n+123456\r\n+1234567\r\n", .replyTooLong(limit: 40)),
            ("*4\r\n+123456\r\n+123456\r\n+123456\r\n$8\r\n", .replyTooLong(limit: 40)),
            ("*3\r\n+12345678\r\n+123456789\r\n$8\r\n", .replyTooLong(limit: 40)),
            ("|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n", .replyTooLong(limit: 40)),
        ] as [(String, RESPError)])
    func `a limit is kept, however the bytes are cut`(text: String, failure: RESPError) {
        let bytes = Array(text.utf8)
        #expect(RESPDecoder.decode(text, limits: Self.small) == Decoded(failure: failure))
        #expect(
            RESPDecoder.decode(bytes.indices.map { bytes[$0...$0] }, limits: Self.small) == Decoded(failure: failure))
    }

    @Test func `the limits of a reply begin anew with the next`() {
        let reply = "*4\r\n+123456\r\n+123456\r\n+123456\r\n+123456\r\n"
        #expect(RESPDecoder.decode(reply + reply + reply, limits: Self.small).values.count == 3)
    }

    /// `$9223372036854775800` traps a parser that adds to the length; the others make one that believes them allocate.
    @Test(
        arguments: [
            ("$9223372036854775800\r\n", RESPError.bulkTooLong(announced: 9_223_372_036_854_775_800, limit: 64 << 20)),
            ("$9223372036854775807\r\n", .bulkTooLong(announced: .max, limit: 64 << 20)),
            ("%4611686018427387904\r\n", .tooManyElements(announced: 4_611_686_018_427_387_904, limit: 1_048_576)),
            ("*9223372036854775807\r\n", .tooManyElements(announced: .max, limit: 1_048_576)),
        ] as [(String, RESPError)])
    func `hostile lengths are errors`(text: String, failure: RESPError) {
        #expect(RESPDecoder.decode(text) == Decoded(failure: failure))
        let unlimited = RESPLimits(bulkBytes: .max, elements: .max, depth: .max, lineBytes: .max, replyBytes: .max)
        #expect(RESPDecoder.decode(text, limits: unlimited).failure != nil)
    }

    @Test func `nothing is allocated by announcement`() throws {
        let announced = Array("*1048576\r\n*1048576\r\n$67108864\r\nabc".utf8)
        let before = try dataBytes()
        var decoders: [RESPDecoder] = []
        for _ in 0..<32 {
            var decoder = RESPDecoder()
            decoder.append(announced)
            #expect(try decoder.next() == nil)
            decoders.append(decoder)
        }
        let grown = try dataBytes() - before
        // Believed, it would be 2 GiB of bodies. Other tests run meanwhile, hence the margin.
        #expect(grown < 1 << 30)
        #expect(decoders.allSatisfy { $0.bufferedBytes == announced.count })
    }

    /// What the process has mapped to write to, touched or not: field 6 of `/proc/self/statm`, in pages.
    private func dataBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[5])) * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test func `nesting far beyond any stack is an error`() {
        let unlimited = RESPLimits(depth: .max)
        let text = String(repeating: "*1\r\n", count: 100_000)
        #expect(RESPDecoder.decode(text, limits: unlimited) == Decoded(failure: .tooDeep(limit: 256)))
    }
}
