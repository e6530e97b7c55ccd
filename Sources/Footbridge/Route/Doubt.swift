internal import Curl
internal import Webhooks

/// An entry that was refused twice, and of which it will show whether others are accepted.
struct Doubt {
    let row: EntryTable.Row
    /// As it was before the second refusal.
    let mark: RefusalMark
    let reason: DeadLetterReason
    let response: [UInt8]
    let since: MonotonicTime
}
