public import FootbridgeWebhooks

/// Which attempts are meant: those of a status (`503`, `5xx`), or of a reason (`timeout`).
public enum AttemptFilter: Sendable, Equatable {
    case status(LetterSelection.Status)
    case reason(String)

    /// - Throws: if no attempt can ever be of it.
    public init(_ text: String) throws(UnknownChoice) {
        let text = text.lowercased()
        if let status = LetterSelection.Status(text) {
            self = .status(status)
        } else if Outcome.isReason(text) {
            self = .reason(text)
        } else {
            throw UnknownChoice(
                text, what: "status or reason", Outcome.Reason.allCases.map(\.rawValue), also: "503, 5xx")
        }
    }

    public func includes(_ outcome: Outcome) -> Bool {
        switch self {
        case .status(let wanted): outcome.status.map(wanted.includes) ?? false
        case .reason(let reason): outcome.reason == reason
        }
    }
}

extension Outcome {
    /// Whether an outcome can have this `reason`.
    static func isReason(_ text: String) -> Bool {
        if Reason(rawValue: text) != nil || text == "redis" { return true }
        if text.hasPrefix("http_") { return LetterSelection.Status(String(text.dropFirst(5))) != nil }
        return text.hasPrefix("redis_") && text.count > 6 && text.dropFirst(6).allSatisfy { ("a"..."z").contains($0) }
    }
}

/// Something that is not among what can be asked for: a filter of it would find nothing, and say nothing.
public struct UnknownChoice: Error, Equatable, CustomStringConvertible {
    public let description: String

    /// - Parameters:
    ///   - what: is asked for.
    ///   - also: what else may be written.
    public init(_ text: String, what: String, _ known: [String], also: String? = nil) {
        let start = "there is no \(what) \"\(text.prefix(60))\""
        guard let near = nearest(to: text, among: known) else {
            description =
                "\(start); write \(also.map { "\($0), or one of " } ?? "one of ")\(known.joined(separator: ", "))"
            return
        }
        description = "\(start); did you mean \(near)?"
    }
}
