import ArgumentParser
import RedisStreams

extension EntryInterval {
    /// Complains of one that nothing can lie in, which a server takes without a word.
    ///
    /// - Parameters:
    ///   - first: what sets where it begins, `--since`.
    ///   - last: what sets where it ends.
    func validate(_ first: String, _ last: String) throws {
        let (low, high): (EntryID, EntryID)
        var isOpen = false
        switch from {
        case .open: return
        case .included(let id): low = id
        case .excluded(let id): (low, isOpen) = (id, true)
        }
        switch to {
        case .open: return
        case .included(let id): high = id
        case .excluded(let id): (high, isOpen) = (id, true)
        }
        if low > high { throw ValidationError("\(first) is later than \(last), so nothing lies between; swap them") }
        if low == high, isOpen { throw ValidationError("nothing lies between \(first) and \(last)") }
    }
}
