import FootbridgeRESP
import Testing

@testable import RedisStreams

struct StreamNameTests {
    /// é as one code point (U+00E9) and as two (U+0065 U+0301): equal strings to Swift, two keys to Redis.
    private let composed = "\u{E9}"
    private let decomposed = "e\u{301}"

    @Test func `names are equal if their bytes are`() {
        #expect(composed == decomposed)
        #expect(StreamName(composed) != StreamName(decomposed))
        #expect(Set([StreamName(composed), StreamName(decomposed), "s", StreamName("s")]).count == 3)
    }

    @Test func `messages of names that look alike are settled apart`() {
        var handled = HandledMessages()
        for name in [composed, decomposed] {
            handled.append(Message(stream: name, id: EntryID(milliseconds: 1), fields: [:]))
        }
        #expect(handled.take().count == 2)
    }

    @Test func `a name that is no text can be shown, and is sent as it is`() {
        let name = StreamName([0x73, 0xFF])
        #expect(name.description == "s\u{FFFD}")
        #expect(
            StreamCommand.length(of: name.bytes).command.encoded == Array("*2\r\n$4\r\nXLEN\r\n$2\r\ns".utf8) + [
                0xFF, 13, 10,
            ])
    }
}
