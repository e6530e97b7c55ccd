internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import RedisStreams

/// How deliveries are carried out: each is started, and its end is told once. Knows nothing of retries and settlement.
protocol Sink: AnyObject {
    /// Called for each delivery that `start` took; never before `start` returns.
    var onFinish: (EntryTable.Row, DeliveryReport) -> Void { get set }
    /// Called when there is a connection again without which nothing could be delivered.
    var onOpen: () -> Void { get set }
    /// Called with the requests per second that the receiver allows; `nil`: any number.
    var onRate: (Double?) -> Void { get set }
    /// Deliveries that may start now.
    var free: Int { get }
    /// - Throws: if the entry cannot be made into a request, now or later.
    /// - Returns: what stood in the way, if the delivery could not be started: then `onFinish` is not called.
    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport?
    /// Connections that were made before this moment lead to where nothing was accepted: they are not used any more.
    func renewConnections(madeBefore moment: MonotonicTime)
    /// To be called with each entry that Redis has confirmed to be acknowledged; `nil` if nobody wants to know.
    var didSettle: ((EntryKey) -> Void)? { get }
    /// Other secrets from the next delivery on; those of before if this throws.
    func replaceSecrets(_ webhook: WebhookConfig) throws
    /// Drops what is under way; `onFinish` is not called for it.
    func cancelAll()
}

extension Sink {
    /// For those that need no connection of the bridge's.
    var onOpen: () -> Void {
        get { {} }
        set {}
    }
    /// For those that do not ask.
    var onRate: (Double?) -> Void {
        get { { _ in } }
        set {}
    }
    var didSettle: ((EntryKey) -> Void)? { nil }
    /// For those that have none.
    func replaceSecrets(_ webhook: WebhookConfig) throws {}
    func renewConnections(madeBefore moment: MonotonicTime) {}
}

/// One whose requests can carry several entries: `add`, as long as they fit, then `send`.
protocol BatchSink: Sink {
    /// - Returns: `false` if it does not fit any more; the first always does.
    /// - Throws: if the entry cannot be made into a part of a request, now or later. Those that were added stay.
    func add(_ delivery: Delivery) throws(UnmakeableRequest) -> Bool
    /// As `start`; `onFinish` gets the row of the first that was added.
    func send() throws(UnmakeableRequest) -> DeliveryReport?
}

/// An entry on its way to a receiver.
struct Delivery {
    let row: EntryTable.Row
    /// What its receiver knows it by: where the entry was first.
    let key: EntryKey
    let fields: EntryFields
    /// Counted from 1, over all instances; never lower than before.
    let attempt: Int
    /// Over a connection of its own: what the last one said may have come from what was left on its connection.
    var isFresh: Bool
    /// Where Redis has it pending: in another stream if it is replayed.
    var place: EntryKey
    /// `nil` unless it is.
    var replay: Origin.Replay?
    /// Nothing can be made of it.
    var failure: UnmakeableRequest?

    init(row: EntryTable.Row, key: EntryKey, fields: EntryFields, attempt: Int, isFresh: Bool = false) {
        (self.row, self.key, self.fields, self.attempt, self.isFresh) = (row, key, fields, attempt, isFresh)
        place = key
    }
}

/// How one delivery ended.
struct DeliveryReport {
    var outcome: Outcome
    /// What Redis knows of it.
    var settlement = Settlement.open
    /// The request went over a connection that had carried others.
    var usedConnection = false
    /// The head of the answer's body.
    var response: [UInt8] = []
    var nanoseconds: Int64 = 0
    /// The ids of those entries of a batch that the answer says failed; entry ids, or whole `webhook-id`s.
    var failed: Set<String> = []
    /// What the transport says of a failure, or why an answer cannot be understood.
    var detail: String?

    enum Settlement {
        /// Nothing: the entry is pending.
        case open
        /// The entry was acknowledged in one step with its delivery.
        case acknowledged
        /// It may have been acknowledged: the connection broke before the answer came. The outcome does not count.
        case maybeAcknowledged
        /// The entry is not this consumer's, or the connection to the bridge's Redis broke: whose it is, is to be found out. The
        /// outcome does not count.
        case undecided
    }

    /// What the answer's own words, or those of the TLS library, say of the reason for a refusal.
    var likelyCause: String? {
        if case .messageRefused(.body) = outcome, let detail { return detail }
        if let status = outcome.status { return LikelyCause.of(status: status, bodyHead: response) }
        return switch outcome {
        case .routeRefused(.certificate), .routeRefused(.forbiddenAddress), .routeRefused(.credentials), .outage(.tls):
            detail
        default: nil
        }
    }
}
