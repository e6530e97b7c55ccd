import Testing

@testable import FootbridgeCurl

struct RequestBufferTests {
    private func buffer(_ value: [UInt8]) -> RequestBuffer {
        var buffer = RequestBuffer()
        buffer.addHeader("webhook-id") { $0.append(contentsOf: value) }
        return buffer
    }

    /// RFC 9110 §5.5: of the control bytes a field's value may hold the tab only.
    @Test func `a control byte in a value makes the request invalid, the tab excepted`() {
        let forbidden = (UInt8.min ... .max).filter { !buffer(Array("a".utf8) + [$0] + Array("b".utf8)).isValid }
        #expect(forbidden == Array(0x00...0x08) + Array(0x0a...0x1f) + [0x7f])
    }

    @Test func `one bad line among good ones is enough, until all is removed`() {
        var buffer = buffer(Array("msg\r\nX-Evil: 1".utf8))
        buffer.addHeader("webhook-attempt") { $0.append(contentsOf: "1".utf8) }
        #expect(!buffer.isValid)
        buffer.removeAll()
        #expect(buffer.isValid)
    }

    @Test func `lines stand one after the other, each ended by NUL`() {
        var buffer = buffer(Array("msg_1".utf8))
        buffer.addHeader("b") { _ in }
        buffer.addHeader("c") { $0.append(contentsOf: "3".utf8) }
        #expect(buffer.headers == Array("webhook-id: msg_1\0b: \0c: 3\0".utf8))
        #expect(buffer.starts == [0, 18, 22])
        buffer.removeAll()
        #expect(buffer.headers.isEmpty && buffer.starts.isEmpty && buffer.body.isEmpty)
    }
}
