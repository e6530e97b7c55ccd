import Foundation

/// A receipt on one line for people: time, request, status, id, attempt, signature, and the beginning of the body.
struct ReceiptLine: Sendable {
    /// The line is cut to it, but the body keeps at least `bodyColumns`.
    var columns = 120
    var hasColour = false
    var timeZone = TimeZone.current

    static let bodyColumns = 24

    func text(_ receipt: Receiver.Receipt) -> String {
        let request = receipt.request
        var line: [(text: String, colour: Colour?)] = [
            (time(request.time), .dim),
            (EscapedText.line(request.method.utf8, columns: 10), nil),
            (EscapedText.line(request.path.utf8, columns: 60), nil),
            ("\(receipt.status)", receipt.isAccepted ? .green : receipt.status < 500 ? .red : .yellow),
            (request.id.map { EscapedText.line($0.utf8, columns: 60) } ?? "-", nil),
            (request.attempt.map { "#\($0)" } ?? "#?", nil),
            (EscapedText.line(request.signature.text.utf8), colour(of: request.signature)),
        ]
        let used = line.reduce(0) { $0 + $1.text.count + 1 }
        let head = EscapedText.line(request.body, columns: max(Self.bodyColumns, columns - used))
        if !head.isEmpty { line.append((head, .dim)) }
        return line.map { hasColour ? $0.colour?.paint($0.text) ?? $0.text : $0.text }.joined(separator: " ")
    }

    private func colour(of verdict: SignatureVerdict) -> Colour {
        switch verdict {
        case .ok: .green
        case .wrong: .red
        case .unsigned, .unchecked: .dim
        }
    }

    private func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(timeZone: timeZone).time(includingFractionalSeconds: true))
    }
}

private enum Colour: String {
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"

    func paint(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}
