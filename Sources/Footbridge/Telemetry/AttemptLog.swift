public import FootbridgeWebhooks
public import RedisStreams

/// One request or command, and what became of the entry. Of a batch there is one, with the id of its first entry.
public struct AttemptRecord: Sendable, Equatable {
    /// What became of the entry.
    public enum Then: Sendable, Equatable {
        case settled
        /// It is tried again after this time; `nil`: when the endpoint takes something, or at once.
        case retry(after: Duration?)
        case dead
        /// It shows soon, or Redis knows.
        case undecided
    }

    /// Counts the attempts of a worker from 1.
    public var number: UInt64
    /// When it ended: milliseconds since 1970.
    public var at: Int64
    /// Place of the stream in the route's list.
    public var stream: Int
    public var entry: EntryID
    public var attempt: Int
    /// Entries that the request carried.
    public var entries: Int
    /// As logs may show it.
    public var endpoint: String
    public var outcome: Outcome
    public var nanoseconds: Int64
    /// The head of the answer's body, of failures only.
    public var answer: [UInt8]
    public var then: Then

    public init(
        number: UInt64, at: Int64, stream: Int = 0, entry: EntryID, attempt: Int, entries: Int = 1, endpoint: String,
        outcome: Outcome, nanoseconds: Int64, answer: [UInt8] = [], then: Then
    ) {
        self.number = number
        self.at = at
        self.stream = stream
        self.entry = entry
        self.attempt = attempt
        self.entries = entries
        self.endpoint = endpoint
        self.outcome = outcome
        self.nanoseconds = nanoseconds
        self.answer = answer
        self.then = then
    }

    public var isDelivered: Bool { outcome.isDelivered }
}

/// The last attempts of a route on one worker, for people to look at. Belongs to the worker's loop.
struct AttemptLog {
    static let capacity = 1000
    /// Of an answer.
    static let answerBytes = 300

    private var records: [AttemptRecord] = []
    /// Where the next one goes once all places are taken.
    private var next = 0

    mutating func add(_ record: AttemptRecord) {
        guard records.count == Self.capacity else { return records.append(record) }
        records[next] = record
        next = next + 1 == Self.capacity ? 0 : next + 1
    }

    /// The head of a failure's answer. Answers repeat themselves: those that are alike share their memory.
    func head(of answer: [UInt8]) -> [UInt8] {
        guard !answer.isEmpty else { return [] }
        if let last = newest?.answer, last.elementsEqual(answer.prefix(Self.answerBytes)) { return last }
        return Array(answer.prefix(Self.answerBytes))
    }

    private var newest: AttemptRecord? {
        records.count < Self.capacity || next == 0 ? records.last : records[next - 1]
    }

    /// In the order in which they ended.
    ///
    /// - Parameter number: later than this one only.
    func since(_ number: UInt64) -> [AttemptRecord] {
        (records[next...] + records[..<next]).filter { $0.number > number }
    }
}
