import RedisStreams

/// What the demo prints.
struct DemoScreen: Sendable {
    let output: LineOutput

    func config(_ text: String) {
        output.write(bold("Footbridge: a redis-server of its own, a receiver that fails now and then, and this config"))
        output.write("")
        for line in text.split(separator: "\n") { output.write("    \(line)") }
        output.write("")
    }

    func sending(_ count: Int) {
        output.write(bold("Sending \(count) events; each line is one request that the receiver got"))
        output.write("")
    }

    func receipt(_ receipt: Receiver.Receipt) {
        let event = EventBody(receipt.request.body)
        let mark = receipt.isAccepted ? paint("✓", 32) : receipt.status < 500 ? paint("✗", 31) : paint("↻", 33)
        let attempt = receipt.request.attempt ?? 0
        var line = "  \(mark) \(receipt.status)  \(padded(event?.type ?? "?", 23)) \(padded(event?.id ?? "?", 26))"
        line += receipt.request.signature.text
        switch (receipt.isAccepted, receipt.status < 500) {
        case (true, _): line += attempt > 1 ? paint("  delivered at attempt \(attempt)", 32) : ""
        case (false, true): line += paint("  refused for good: goes to the dead letters", 31)
        case (false, false): line += paint("  failed at attempt \(attempt): comes again", 33)
        }
        output.write(line)
    }

    func deadLetter(_ letter: StreamEntry) {
        output.write("")
        output.write(bold("The dead letter, in stream \(DemoConfig.deadLetters), with its reason and its own fields"))
        output.write("")
        for field in letter.fields {
            let name = EscapedText.line(field.name)
            output.write("    \(padded(name, 18)) \(EscapedText.line(field.value, columns: 80))")
        }
    }

    func summary(_ sums: DemoSums) {
        output.write("")
        let verdict = sums.holds ? paint("nothing is lost", 32) : paint("the sums do not hold", 31)
        output.write(
            bold("Sent \(sums.sent) = delivered \(sums.delivered) + dead-lettered \(sums.dead)") + ": \(verdict)")
        output.write(
            "  \(sums.retries) attempts were repeated, \(sums.duplicates) events came twice, \(sums.pending) are still owed"
        )
        guard sums.holds else { return }
        output.write("")
        output.write("Next: \"Your first route\" in README.md")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private func bold(_ text: String) -> String { paint(text, 1) }

    private func paint(_ text: String, _ code: Int) -> String {
        output.hasColour ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
