internal import Curl
internal import JQ
internal import Webhooks

/// `accept.body`: whether a receiver that says 200 means it. One per route and worker; routes without the key have none.
final class AnswerCheck {
    private let machine: JQMachine
    private let program: JQMachine.Program

    /// - Throws: what `check` would have told.
    init(_ program: String) throws {
        let machine = try JQMachine()
        self.program = try machine.compile(program)
        self.machine = machine
    }

    /// What an answer means, whose status means `outcome`.
    ///
    /// A refusal of the message, and no outage: a receiver that says so for a while, or of everything, is known by its
    /// accepting nothing else meanwhile, as with 422.
    func outcome(_ outcome: Outcome, of answer: TransferResponse) -> Outcome {
        guard case .delivered = outcome, !accepts(answer) else { return outcome }
        return .messageRefused(.body(status: answer.status))
    }

    private func accepts(_ answer: TransferResponse) -> Bool {
        // What a part of it says may be the opposite of what the whole does.
        guard !answer.isTruncated else { return false }
        defer { machine.end() }
        do throws(JQFailure) {
            try begin(answer.bodyHead)
            return try machine.passes(program)
        } catch {
            return false
        }
    }

    private func begin(_ body: [UInt8]) throws(JQFailure) {
        do throws(JQFailure) {
            return try begin(json: body)
        } catch .failed {
            // No JSON, and so text.
            machine.end()
        }
        // With U+FFFD in place of what is not UTF-8.
        var words = String(decoding: body, as: UTF8.self)
        var text: [UInt8] = []
        words.withUTF8 { _ = JSONString.append(UnsafeRawBufferPointer($0), to: &text) }
        try begin(json: text)
    }

    private func begin(json: [UInt8]) throws(JQFailure) {
        let result = json.withUnsafeBytes { bytes -> Result<Void, JQFailure> in
            do throws(JQFailure) { return .success(try machine.begin(json: bytes)) } catch { return .failure(error) }
        }
        try result.get()
    }
}
