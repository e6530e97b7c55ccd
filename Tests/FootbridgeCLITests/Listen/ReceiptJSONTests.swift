import Testing

@testable import footbridge

struct ReceiptJSONTests {
    @Test func `a request is one JSON object on one line`() throws {
        let receipt = Receiver.Receipt(
            request: .sample(attempt: 2, signature: .wrong("no"), body: "a\nb/ü"), status: 401, seen: 1)
        #expect(
            try ReceiptJSON(receipt).line()
                == #"{"attempt":2,"body":"a\nb/ü","headers":{"webhook-attempt":"2","webhook-id":"msg_1"},"id":"msg_1","#
                + #""method":"POST","path":"/hooks","reason":"no","seen":1,"signature":"wrong","status":401,"#
                + #""time":"2026-03-02T09:15:27.250Z"}"#)
    }

    @Test func `a body that is no text comes as base64, a cut one with its length`() throws {
        var request = Receiver.Request.sample(id: nil, attempt: nil)
        request.body = [0xff]
        request.bodyBytes = 70_000_000
        #expect(
            try ReceiptJSON(Receiver.Receipt(request: request, status: 413, seen: 0)).line()
                == #"{"body_base64":"/w==","body_bytes":70000000,"headers":{},"method":"POST","path":"/hooks","#
                + #""seen":0,"signature":"unsigned","status":413,"time":"2026-03-02T09:15:27.250Z"}"#)
    }
}
