import Footbridge

/// A trial as it is printed.
enum TrialText {
    static func request(_ request: Trial.Request) -> String {
        var lines = ["\(request.method) \(EscapedText.line(request.url.utf8))"]
        lines += request.headers.map { "\($0.name): \(EscapedText.line($0.value.utf8))" }
        return (lines + ["", body(request.body)]).joined(separator: "\n")
    }

    static func command(_ command: Trial.Command) -> String {
        let head = EscapedText.line(command.head.utf8)
        var lines = command.entries.isEmpty ? [head] : []
        for entry in command.entries {
            lines.append(head)
            lines += entry.map { "  \(EscapedText.line($0.name))=\(EscapedText.line($0.value))" }
        }
        return (lines + (command.body.isEmpty ? [] : ["", body(command.body)])).joined(separator: "\n")
    }

    static func answer(_ answer: Trial.Answer) -> String {
        let milliseconds = answer.duration / .milliseconds(1)
        let head = "\nanswer  \(EscapedText.line(answer.outcome.utf8)) after \(Int(milliseconds.rounded())) ms"
        return answer.body.isEmpty ? head : "\(head)\n\(body(answer.body))"
    }

    /// Line by line, nothing in it that a terminal would act on.
    private static func body(_ bytes: [UInt8]) -> String {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { EscapedText.line($0) }
            .joined(separator: "\n")
    }
}
