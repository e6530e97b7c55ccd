internal import FootbridgeCurl

/// Tells of what may happen thousands of times a second: the first of a kind at once, those that follow within a second
/// together.
final class SecondLog<Kind: Hashable, Event> {
    /// Events that are not told yet.
    private struct Untold {
        var count = 0
        var last: Event?
    }

    private let loop: CurlLoop
    private let tell: (_ kind: Kind, _ count: Int, _ last: Event) -> Void
    /// Kinds that were told within the last second.
    private var untold: [Kind: Untold] = [:]

    init(loop: CurlLoop, _ tell: @escaping (_ kind: Kind, _ count: Int, _ last: Event) -> Void) {
        self.loop = loop
        self.tell = tell
    }

    func note(_ event: Event, _ kind: Kind, count: Int = 1) {
        guard untold[kind] == nil else {
            untold[kind]?.count += count
            untold[kind]?.last = event
            return
        }
        tell(kind, count, event)
        tellLater(kind)
    }

    /// Tells what is not told yet: for the end.
    func flush() {
        let untold = untold
        self.untold = [:]
        for (kind, events) in untold {
            if let last = events.last { tell(kind, events.count, last) }
        }
    }

    private func tellLater(_ kind: Kind) {
        untold[kind] = Untold()
        loop.schedule(after: .seconds(1)) { [self] in
            guard let events = untold.removeValue(forKey: kind), let last = events.last else { return }
            tell(kind, events.count, last)
            tellLater(kind)
        }
    }
}
