import Foundation
import Testing

@testable import FootbridgeHTTP

@Suite struct ResponseBytesTests {
    private func text(_ answer: HTTPAnswer, takesChunks: Bool = true, keepsAlive: Bool = true) -> String {
        let bytes = ResponseBytes.whole(answer, at: 784_111_777, takesChunks: takesChunks, keepsAlive: keepsAlive)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `an answer is its parts`() {
        var answer = HTTPAnswer.text(405, "no\n")
        answer.headers["Allow"] = "GET"
        // The date is the example of RFC 9110, 5.6.7.
        let head = """
            HTTP/1.1 405 Method Not Allowed\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
            Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nAllow: GET\r\nContent-Length: 3\r\n
            """
        #expect(text(answer) == head + "\r\nno\n")
        #expect(text(answer, keepsAlive: false) == head + "Connection: close\r\n\r\nno\n")
        answer.hasBody = false
        #expect(text(answer) == head + "\r\n")
    }

    @Test(arguments: [204, 304]) func `an answer that can have no body has no length`(status: Int) {
        let answer = HTTPAnswer(status: status, contentType: nil, body: .bytes(Array("x".utf8)))
        let lines = text(answer).components(separatedBy: "\r\n").dropFirst(2)
        #expect(Array(lines) == ["Cache-Control: no-store", "", ""])
    }

    @Test func `an answer without an end comes in chunks to those who know them`() {
        let answer = HTTPAnswer(status: 200, contentType: "a/b", body: .parts(AsyncStream { $0.finish() }))
        #expect(text(answer).hasSuffix("\r\nTransfer-Encoding: chunked\r\n\r\n"))
        #expect(!text(answer, takesChunks: false, keepsAlive: false).contains("Transfer-Encoding"))
        #expect(ResponseBytes.chunk(Array("0123456789abcdef".utf8)) == Array("10\r\n0123456789abcdef\r\n".utf8))
        #expect(ResponseBytes.chunk([]).isEmpty)
    }
}
