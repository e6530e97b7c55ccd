internal import Curl
internal import RedisStreams
internal import Webhooks

/// How deliveries are carried out: each is started, and its end is told once. Knows nothing of retries and settlement.
protocol Sink: AnyObject {
    /// Called for each delivery that `start` took; never before `start` returns.
    var onFinish: (EntryTable.Row, DeliveryReport) -> Void { get set }
    /// Deliveries that may start now.
    var free: Int { get }
    /// - Throws: if the entry cannot be made into a request, now or later.
    /// - Returns: what stood in the way, if the delivery could not be started: then `onFinish` is not called.
    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport?
    /// Connections that were made before this moment lead to where nothing was accepted: they are not used any more.
    func renewConnections(madeBefore moment: MonotonicTime)
    /// Other secrets from the next delivery on; those of before if this throws.
    func replaceSecrets(_ webhook: WebhookConfig) throws
    /// Drops what is under way; `onFinish` is not called for it.
    func cancelAll()
}

/// An entry on its way to a receiver.
struct Delivery {
    let row: EntryTable.Row
    let key: EntryKey
    let fields: EntryFields
    /// Counted from 1, over all instances; never lower than before.
    let attempt: Int
    /// Over a connection of its own: what the last one said may have come from what was left on its connection.
    var isFresh = false
}

/// How one delivery ended.
struct DeliveryReport {
    let outcome: Outcome
    /// The request went over a connection that had carried others.
    var usedConnection = false
    /// The head of the answer's body.
    var response: [UInt8] = []
    var nanoseconds: Int64 = 0
    /// What the transport says of a failure.
    var detail: String?

    /// What the answer's own words, or those of the TLS library, say of the reason for a refusal.
    var likelyCause: String? {
        if let status = outcome.status { return LikelyCause.of(status: status, bodyHead: response) }
        return switch outcome {
        case .routeRefused(.certificate), .outage(.tls): detail
        default: nil
        }
    }
}
