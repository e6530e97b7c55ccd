import FootbridgeRESP
import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

struct DeadLetterTests {
    private func letter(
        _ reason: DeadLetterReason = .rejected(.messageRefused(status: 422)), response: String = "bad total",
        fields: EntryFields = EntryFields(["type": "order", "": "", "type": "again"])
    ) throws -> DeadLetter {
        DeadLetter(
            row: try anyRow(), key: EntryKey(stream: 0, id: EntryID(milliseconds: 1_772_442_927_250, sequence: 3)),
            stream: "orders",
            route: "shop", group: "g", consumer: "web-1.1", reason: reason, attempts: 2, firstAt: 1_772_442_927_250,
            lastAt: 1_772_442_930_007, response: Array(response.utf8), fields: fields)
    }

    /// The arguments as they go over the wire.
    private func arguments(_ command: StreamCommand<Burial>) throws -> [String] {
        var decoder = RESPDecoder()
        command.command.encoded.withUnsafeBytes { decoder.append($0) }
        let elements = try #require(try decoder.next()?.elements)
        return elements.map { String(decoding: $0.bytes ?? [], as: UTF8.self) }
    }

    @Test func `a dead letter says what happened, then what the entry said`() throws {
        let words = try arguments(letter().command(into: "{orders}:dead"))
        #expect(words[0] == "EVAL")
        #expect(
            Array(words[2...]) == [
                "2", "orders", "{orders}:dead", "g", "1772442927250-3", "web-1.1", "",
                "1772442927250-3", "", "0", "0",
                "reason", "rejected: http_422", "status", "422", "attempts", "2", "route", "shop", "stream", "orders",
                "id", "1772442927250-3", "first_at", "2026-03-02T09:15:27.250Z", "last_at",
                "2026-03-02T09:15:30.007Z", "response", "bad total", "field.type", "order", "field.", "",
                "field.type", "again",
            ])
    }

    @Test func `what is not known is left out`() throws {
        let words = try arguments(letter(.exhausted(nil), response: "", fields: EntryFields([:])).command(into: "d"))
        #expect(
            Array(words[13...]) == [
                "reason", "exhausted: instance_lost", "attempts", "2", "route", "shop", "stream", "orders", "id",
                "1772442927250-3", "first_at", "2026-03-02T09:15:27.250Z", "last_at", "2026-03-02T09:15:30.007Z",
            ])
    }

    @Test func `fields keep their bytes`() throws {
        let bytes: [UInt8] = [0, 255, 13, 10]
        let command = try letter(fields: EntryFields([(name: bytes[...], value: bytes[...])])).command(into: "d")
        let tail = Array("$10\r\nfield.".utf8) + bytes + Array("\r\n$4\r\n".utf8) + bytes + Array("\r\n".utf8)
        #expect(command.command.encoded.suffix(tail.count) == tail[...])
    }

    /// The order keeps an entry from being lost: owner, then XADD, then XACK; a script is not rolled back.
    @Test func `the script looks at the owner, adds, and acknowledges last`() throws {
        let script = try arguments(letter().command(into: "d"))[1]
        let steps = ["XPENDING", "return {}", "XADD", "XACK", "return id"].compactMap {
            script.firstRange(of: $0)?.lowerBound
        }
        #expect(steps.count == 5 && steps == steps.sorted())
    }

    /// Lua's unpack gives up near 8,000 values (LUAI_MAXCSTACK in luaconf.h).
    @Test(arguments: [(0, true), (3000, true), (3490, true), (3491, false), (100_000, false)])
    func `an entry of very many fields does not fit the script`(count: Int, fits: Bool) throws {
        let name: ArraySlice<UInt8> = [0x61]
        let fields = EntryFields((0..<count).map { _ in (name: name, value: name) })
        let letter = try letter(fields: fields)
        #expect(letter.goesInTwoSteps != fits)
        if fits { #expect(letter.layout.arguments.count < 7950) }
    }
}
