internal import FootbridgeCurl
internal import FootbridgeJQ
internal import FootbridgeWebhooks
internal import FoundationEssentials

/// `accept.body` and `accept.failed`: whether a receiver that says 200 means it, and of which entries it does not. One per route
/// and worker; routes without these keys have none.
final class AnswerCheck {
    private let machine: JQMachine
    private let body: JQMachine.Program?
    private let failed: JQMachine.Program?
    /// Why nobody can tell what the last answer means, if that is so.
    private(set) var problem: String?

    /// `nil` if there is nothing to check.
    ///
    /// - Throws: what `check` would have told.
    init?(_ webhook: WebhookConfig) throws {
        guard webhook.acceptBody != nil || webhook.acceptFailed != nil else { return nil }
        let machine = try JQMachine()
        body = try webhook.acceptBody.map { try machine.compile($0) }
        failed = try webhook.acceptFailed.map { try machine.compile($0) }
        self.machine = machine
    }

    /// What an answer means, whose status means `outcome`.
    ///
    /// A refusal of the message, and no outage: a receiver that says so for a while, or of everything, is known by its
    /// accepting nothing else meanwhile, as with 422.
    ///
    /// - Returns: with the ids of the entries of a batch that failed, as the receiver writes them.
    func outcome(_ outcome: Outcome, of answer: TransferResponse) -> (Outcome, failed: Set<String>) {
        guard case .delivered = outcome else { return (outcome, []) }
        guard let failed = acceptedBut(answer) else { return (.messageRefused(.body(status: answer.status)), []) }
        return (outcome, failed)
    }

    /// `nil` if nothing is accepted, or nobody can tell.
    private func acceptedBut(_ answer: TransferResponse) -> Set<String>? {
        // What a part of it says may be the opposite of what the whole does.
        problem = nil
        guard !answer.isTruncated else {
            problem = "it is longer than response_limit"
            return nil
        }
        defer { machine.end() }
        do throws(JQFailure) {
            try begin(answer.bodyHead)
            if let body, try !machine.passes(body) { return nil }
            guard let failed else { return [] }
            var ids: [UInt8] = []
            try machine.write(failed, to: &ids)
            if ids.elementsEqual("null".utf8) { return [] }
            let names = try? JSONDecoder().decode([String].self, from: Data(ids))
            if names == nil { problem = "accept.failed gives no array of texts" }
            return names.map { Set($0) }
        } catch {
            problem = error.description
            return nil
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
