import Synchronization

/// What the producers know of each entry, by its number.
final class EntryBook: Sendable {
    enum Outcome: UInt8, Sendable {
        case notSent
        /// Redis confirmed it.
        case ok
        /// The connection was lost before the reply, or no replica had it in time: it may be in the stream or not.
        case unknown
        /// Redis refused it.
        case failed
    }

    struct Entry: Sendable {
        var outcome = Outcome.notSent
        /// Set if `ok`.
        var id = EntryID(milliseconds: 0, sequence: 0)
        /// Of the body that a receiver has to get.
        var digest: UInt64 = 0
    }

    private let book: Mutex<[Entry]>

    init(count: Int) { book = Mutex(Array(repeating: Entry(), count: count)) }

    var entries: [Entry] { book.withLock { $0 } }

    func note(_ changes: [(number: Int, entry: Entry)]) {
        book.withLock { book in
            for change in changes { book[change.number] = change.entry }
        }
    }
}
