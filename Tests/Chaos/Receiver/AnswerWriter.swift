import TestSupport

/// Carries out an answer on a connection.
struct AnswerWriter {
    let peer: ReceiverConnection
    let book: ReceiptBook
    /// Of the receipt.
    let place: Int

    /// Whether the connection goes on.
    func write(_ answer: Answer) -> Bool {
        switch answer {
        case .ok: return send(200)
        case .slow:
            pause(0.05 + Double(place % 16) * 0.015)
            return send(200)
        case .late:
            pause(Settings.timeout * 1.3)
            return send(200)
        case .half:
            _ = send("HTTP/1.1 200 Half\r\ncontent-length: 100\r\n\r\n0123456789")
            return false
        case .status500: return send(500)
        case .status503: return send(503)
        case .status429: return send(429, "retry-after: \(Settings.retryAfter)\r\n")
        case .status422: return send(422)
        case .reset:
            note()
            peer.resetOnClose()
            return false
        case .hang:
            // Until the sender has had enough; it sends nothing more on this connection.
            peer.socket.limit(.seconds(3))
            _ = try? peer.receive(atMost: 1)
            return false
        }
    }

    private func send(_ status: Int, _ headers: String = "") -> Bool {
        send("HTTP/1.1 \(status) Chaos\r\n\(headers)content-length: 0\r\n\r\n")
    }

    private func send(_ text: String) -> Bool {
        let before = Moment.now
        guard (try? peer.sendAll(Array(text.utf8))) != nil else { return false }
        book.answered(place, at: before, sent: .now)
        return true
    }

    private func note() { book.answered(place, at: .now, sent: Moment(nanoseconds: 0)) }
}
