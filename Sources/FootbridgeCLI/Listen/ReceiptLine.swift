import Glibc

/// A receipt on one line for people: time, request, status, id, attempt, signature, and the beginning of the body.
struct ReceiptLine: Sendable {
    /// The line is cut to it, but the body keeps at least `bodyColumns`.
    var columns = 120
    var hasColour = false
    /// Otherwise the time is the one of the clock on the wall (`TZ`).
    var isUTC = false

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

    /// `03:07:08.123`
    private func time(_ milliseconds: Int64) -> String {
        var (seconds, parts) = (time_t(milliseconds / 1000), tm())
        if isUTC { gmtime_r(&seconds, &parts) } else { localtime_r(&seconds, &parts) }
        func digits(_ number: Int, _ count: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }.joined(separator: ":")
        return "\(clock).\(digits(Int(milliseconds % 1000), 3))"
    }
}

private enum Colour: String {
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"

    func paint(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}
