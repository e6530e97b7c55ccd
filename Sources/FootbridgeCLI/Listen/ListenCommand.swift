import ArgumentParser
import FootbridgeWebhooks
import Glibc
import Synchronization

/// `footbridge listen`: a receiver that prints, verifies and answers what arrives.
struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Receives webhooks: prints, verifies and answers what arrives.",
        discussion: """
            For trying out a route and for developing a receiver. Prints one line per request: time, method, path, \
            status answered, webhook-id, attempt, signature and the beginning of the body; at the end (Ctrl-C), totals.

            Examples:
              footbridge listen
              footbridge listen --port 0 --fail-rate 0.2 --delay 50ms
              footbridge listen --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
              footbridge listen --json | jq .headers

            Exit codes: 0 after SIGINT or SIGTERM, 64 wrong usage, 69 the address cannot be had, 74 the output cannot be \
            written.
            """)

    @Option(help: ArgumentHelp("The IP address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(parsing: .unconditional, help: ArgumentHelp("The port; 0 takes any free one.", valueName: "n"))
    var port: UInt16 = 8080

    @Option(parsing: .unconditional, help: ArgumentHelp("The status to answer with.", valueName: "code"))
    var status = 200

    @Option(parsing: .unconditional, help: ArgumentHelp("The share of requests to fail, 0 to 1.", valueName: "share"))
    var failRate = 0.0

    @Option(parsing: .unconditional, help: ArgumentHelp("The status of a failure.", valueName: "code"))
    var failStatus = 503

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The wait before each answer, such as 250ms, 2s or 1m; none by default.", valueName: "time"),
        transform: { try DurationArgument(parsing: $0) })
    var delay = DurationArgument(.zero)

    @Option(
        help: ArgumentHelp(
            "Answers 401 to what is not signed with this secret, or for this public key (whpk_…).", valueName: "whsec_…"
        ))
    var secret: String?

    @Flag(help: "Prints no line per request, only the address and the totals.")
    var quiet = false

    @Flag(help: "Prints each request as a JSON object; the address and the totals go to standard error.")
    var json = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Makes --fail-rate fail the same requests each time.", valueName: "n"))
    var seed: UInt64?

    func validate() throws {
        if ListenAddress(host: host, port: port) == nil {
            throw ValidationError("--host \"\(host)\" is no IP address; write one such as 127.0.0.1, 0.0.0.0 or ::1")
        }
        for (name, value) in [("status", status), ("fail-status", failStatus)] where !(200...599).contains(value) {
            throw ValidationError("--\(name) \(value) is no status to answer with; write 200 to 599")
        }
        if !(0...1).contains(failRate) { throw ValidationError("--fail-rate \(failRate) is no share; write 0 to 1") }
        _ = try verificationKey()
        if quiet && json { throw ValidationError("--quiet and --json contradict each other; leave one of them out") }
    }

    func run() async throws {
        guard let place = ListenAddress(host: host, port: port) else { return }
        // Trapped before it is said that it listens, for whoever waits for that may send one at once.
        let signals = TrappedSignals(SIGINT, SIGTERM)
        let says = json ? LineOutput.standardError : .standardOutput
        let log = ReceiptLog(print: printing())
        let receiver = Receiver(at: place, secret: try verificationKey(), rule: rule(), report: log.add) { reason in
            log.addMalformed()
            if !quiet { says.write("malformed request, closed without an answer: \(EscapedText.line(reason.utf8))") }
        }
        do {
            let port = try await receiver.start()
            try says.put("listening on \(place.url(port: port))")
        } catch let error as ReceiverError {
            throw failure("\(error)", CommandExit.unavailable)
        }
        for await _ in signals.values { break }
        // The receiver is not stopped: it would answer 500 to requests that wait for --delay. The end of the process closes
        // their connections, as a receiver does that is killed.
        says.write(log.totals.text)
    }

    private func verificationKey() throws -> VerificationKey? {
        do throws(SigningSecretError) {
            return try secret.map { text throws(SigningSecretError) in try VerificationKey(text) }
        } catch {
            throw ValidationError("--secret: \(error)")
        }
    }

    private func rule() -> Receiver.Rule {
        let rule = ListenRule(
            status: status, failRate: failRate, failStatus: failStatus, delay: delay.duration,
            wantsSignature: secret != nil)
        let dice = Dice(seed: seed ?? .random(in: .min ... .max))
        return { request, _ in rule.answer(to: request, roll: dice.roll()) }
    }

    private func printing() -> (@Sendable (Receiver.Receipt) -> Void)? {
        let output = LineOutput.standardOutput
        if json { return { receipt in if let line = try? ReceiptJSON(receipt).line() { output.write(line) } } }
        if quiet { return nil }
        let hasColour = output.hasColour
        // The width is asked each time, for windows change.
        return { output.write(ReceiptLine(columns: output.columns, hasColour: hasColour).text($0)) }
    }
}

/// Random numbers for several connections at once.
private final class Dice: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    func roll() -> Double { generator.withLock { Double.random(in: 0..<1, using: &$0) } }
}

/// Prints receipts and adds them up.
private final class ReceiptLog: Sendable {
    private let sums = Mutex(ReceiptTotals())
    private let print: (@Sendable (Receiver.Receipt) -> Void)?

    init(print: (@Sendable (Receiver.Receipt) -> Void)?) { self.print = print }

    var totals: ReceiptTotals { sums.withLock { $0 } }

    func addMalformed() { sums.withLock { $0.malformed += 1 } }

    @Sendable func add(_ receipt: Receiver.Receipt) {
        sums.withLock { $0.add(receipt) }
        print?(receipt)
    }
}
