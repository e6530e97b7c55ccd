internal import FootbridgeWebhooks
public import RedisStreams

/// Which letters are meant.
public struct LetterSelection: Sendable, Equatable {
    /// Of a status: `422`, `4xx`.
    public enum Status: Sendable, Equatable {
        case exactly(Int)
        case hundreds(Int)

        /// - Returns: `nil` for anything but a number from 100 to 599, or one digit of these and `xx`.
        public init?(_ text: String) {
            let bytes = Array(text.utf8)
            guard bytes.count == 3, (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(bytes[0]) else { return nil }
            if text.dropFirst().lowercased() == "xx" {
                self = .hundreds(Int(bytes[0] - UInt8(ascii: "0")))
            } else if bytes.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let number = Int(text) {
                self = .exactly(number)
            } else {
                return nil
            }
        }

        func includes(_ status: Int) -> Bool {
            switch self {
            case .exactly(let number): status == number
            case .hundreds(let number): status / 100 == number
            }
        }
    }

    /// Empty: of all.
    public var routes: Set<String> = []
    /// What a reason may begin with, or hold behind its colon: `rejected`, `timeout`, `rejected: http_422`. Empty: any.
    public var reasons: [String] = []
    /// Empty: any, and none.
    public var statuses: [Status] = []
    /// Of the letter's id: when it was buried.
    public var interval = EntryInterval()
    /// Ids of letters, or of their entries. Empty: all.
    public var ids: Set<EntryID> = []

    public init() {}

    /// A reason as people write it.
    ///
    /// - Throws: if no letter can have it. What holds a space may be the words of an entry that could not be shaped.
    public static func reason(_ text: String) throws(UnknownChoice) -> String {
        let parts = text.split(separator: ": ", maxSplits: 1).map(String.init)
        let kinds = ["rejected", "exhausted", "expired", "trimmed", "malformed", "unshapeable"]
        let outcomes = Outcome.Reason.allCases.map(\.rawValue) + ["instance_lost"]
        func isOutcome(_ text: String) -> Bool { Outcome.isReason(text) || outcomes.contains(text) }
        let kind = kinds.firstIndex { $0 == parts.first }
        switch (kind, parts.count) {
        // The last two go on in free words.
        case (_?, 1), (4?, _), (5?, _): return text
        case (_?, _): if isOutcome(parts[1]) { return text }
        case (nil, _): if isOutcome(text) || text.contains(" ") { return text }
        }
        throw UnknownChoice(
            kind == nil ? text : parts[1], what: "reason", kind == nil ? kinds + outcomes : outcomes, also: "http_503")
    }

    package func includes(_ letter: Letter) -> Bool {
        (routes.isEmpty || letter.route.map(routes.contains) ?? false)
            && (reasons.isEmpty || reasons.contains { Self.isReason($0, of: letter.reason) })
            && (statuses.isEmpty || letter.status.map { status in statuses.contains { $0.includes(status) } } ?? false)
            && (ids.isEmpty || ids.contains(letter.id) || letter.entry.map(ids.contains) ?? false)
    }

    private static func isReason(_ wanted: String, of reason: String) -> Bool {
        let parts = reason.split(separator: ": ", maxSplits: 1)
        return reason == wanted || parts.contains { $0 == wanted }
    }
}
