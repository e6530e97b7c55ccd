import Testing

@testable import footbridge

struct ReceiptLineTests {
    private func line(columns: Int = 120, hasColour: Bool = false) -> ReceiptLine {
        ReceiptLine(columns: columns, hasColour: hasColour, isUTC: true)
    }

    @Test func `a request is one line`() {
        let receipt = Receiver.Receipt(
            request: .sample(attempt: 3, signature: .ok, body: "{\"name\":\n\"Zoë\"}"), status: 503, seen: 2)
        #expect(
            line().text(receipt) == "09:15:27.250 POST /hooks 503 msg_1 #3 signed ok {\"name\":\\n\"Zoë\"}")
    }

    @Test(arguments: [(Int64(0), "00:00:00.000"), (86_399_999, "23:59:59.999"), (1_772_442_927_005, "09:15:27.005")])
    func `times have two digits each, and three for the thousandths`(time: Int64, text: String) {
        var request = Receiver.Request.sample()
        request.time = time
        let receipt = Receiver.Receipt(request: request, status: 200, seen: 0)
        #expect(line().text(receipt).hasPrefix("\(text) "))
    }

    @Test func `a request of an unknown sender is one too`() {
        let receipt = Receiver.Receipt(request: .sample(id: nil, attempt: nil, body: ""), status: 200, seen: 0)
        #expect(line().text(receipt) == "09:15:27.250 POST /hooks 200 - #? unsigned")
    }

    @Test func `a wrong signature says why`() {
        let receipt = Receiver.Receipt(request: .sample(signature: .wrong("too old")), status: 401, seen: 0)
        #expect(line().text(receipt) == "09:15:27.250 POST /hooks 401 msg_1 #1 signature WRONG: too old {}")
    }

    @Test func `the line is as wide as the terminal, the body's head has 24 columns at least`() {
        let receipt = Receiver.Receipt(
            request: .sample(body: String(repeating: "x", count: 500)), status: 200, seen: 0)
        let start = "09:15:27.250 POST /hooks 200 msg_1 #1 unsigned "
        #expect(line(columns: 80).text(receipt) == start + String(repeating: "x", count: 32) + "…")
        #expect(line(columns: 80).text(receipt).count == 80)
        #expect(line(columns: 20).text(receipt) == start + String(repeating: "x", count: 23) + "…")
    }

    @Test func `colours tell accepted from failed`() {
        let accepted = Receiver.Receipt(request: .sample(signature: .ok), status: 204, seen: 0)
        #expect(
            line(hasColour: true).text(accepted)
                == "\u{1b}[2m09:15:27.250\u{1b}[0m POST /hooks \u{1b}[32m204\u{1b}[0m msg_1 #1 "
                + "\u{1b}[32msigned ok\u{1b}[0m \u{1b}[2m{}\u{1b}[0m")
        let failed = Receiver.Receipt(request: .sample(), status: 503, seen: 0)
        #expect(line(hasColour: true).text(failed).contains("\u{1b}[33m503\u{1b}[0m"))
        let refused = Receiver.Receipt(request: .sample(), status: 401, seen: 0)
        #expect(line(hasColour: true).text(refused).contains("\u{1b}[31m401\u{1b}[0m"))
    }

    @Test func `a sender cannot write escapes into path, id or method`() {
        var request = Receiver.Request.sample(id: "a\u{1b}[2J")
        request.path = "/\u{7}"
        request.method = "G\u{1b}T"
        let text = line().text(Receiver.Receipt(request: request, status: 200, seen: 0))
        #expect(text == "09:15:27.250 G\\x1bT /\\x07 200 a\\x1b[2J #1 unsigned {}")
    }
}
