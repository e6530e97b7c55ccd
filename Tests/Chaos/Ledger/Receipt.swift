/// What a receiver did with a request.
enum Answer: UInt8, Sendable, CaseIterable {
    case ok
    /// 200 after a while, but well within the timeout.
    case slow
    /// 200 after the sender's timeout.
    case late
    /// 200, and half of the body that the head promises.
    case half
    case status500
    case status503
    /// With Retry-After.
    case status429
    case reset
    /// Nothing at all.
    case hang
    /// The message's own fault, always.
    case status422

    /// Whether the sender was told that it was accepted, in time.
    var accepts: Bool { self == .ok || self == .slow }
    /// Whether the sender was told that it is to try again.
    var fails: Bool { self == .status500 || self == .status503 || self == .status429 }
    /// What the sender was told, if it was told anything in time.
    var status: Int? {
        switch self {
        case .ok, .slow: 200
        case .status500: 500
        case .status503: 503
        case .status429: 429
        case .status422: 422
        case .late, .half, .reset, .hang: nil
        }
    }
    /// Told it too late, or not to the end: the receiver may have done the work.
    var mayHaveAccepted: Bool { self == .late || self == .half }
}

/// A request that came in. Small, for there are millions.
struct Receipt: Sendable {
    /// The number that the body says, -1 if it says none.
    var entry: Int32
    /// Which of the receivers read it.
    var receiver: UInt8 = 0
    /// The receivers' connections are counted; requests of one connection have the same number.
    var connection: Int32 = 0
    /// How many requests came on that connection before.
    var earlier: Int32 = 0
    /// Which start of which bridge sent it: its place among the runs.
    var run: Int32
    var attempt: Int32
    var answer: Answer
    /// The signature is right for the time that is in it.
    var isSigned: Bool
    /// When the sender began the attempt, by the signed header: seconds since 1970.
    var timestamp: UInt32
    var id: EntryID
    /// Of the body.
    var digest: UInt64
    /// When the request had been read.
    var received: Moment
    /// Just before the answer was sent; 0 if there was none.
    var answered = Moment(nanoseconds: 0)
    /// Just after; 0 if it could not be sent.
    var sent = Moment(nanoseconds: 0)

    /// It says that it is of a replay. No entry is replayed twice.
    var isReplayed = false

    /// The receiver's wall clock when the request had been read, to compare `timestamp` with: seconds since 1970.
    var second: UInt32 = 0

    /// The sender was told in time that it was accepted: with room for a machine that is busy.
    var isAccepted: Bool { answer.accepts && sent.nanoseconds > 0 && sent - received < 0.7 * Settings.timeout }
    /// The sender may have given up before, or after.
    var isDoubtful: Bool { answer.mayHaveAccepted || (answer.accepts && !isAccepted) }
}
