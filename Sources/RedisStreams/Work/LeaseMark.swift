/// A consumer that nobody reads with, in groups whose entries are kept in order: which worker reads, and nobody beside it.
///
/// It lasts as long as that worker shows life. Whoever reads or takes entries over names it, in the same step, so a worker that
/// has lost it without knowing gets nothing.
package struct LeaseMark: Equatable, Sendable {
    /// Rises with each one who takes the lease over.
    package let name: String
    package let fence: Int64
    package let owner: OwnerMark

    /// `footbridge:lease:<fence>:<token>:<milliseconds>:<consumer>`
    package init?(_ name: String) {
        guard name.hasPrefix(WellKnownConsumer.leasePrefix) else { return nil }
        let rest = name.dropFirst(WellKnownConsumer.leasePrefix.count)
        guard let colon = rest.firstIndex(of: ":"), let fence = Int64(rest[..<colon]),
            let owner = OwnerMark(String(rest[rest.index(after: colon)...]), prefix: "")
        else { return nil }
        (self.name, self.fence, self.owner) = (name, fence, owner)
    }

    package init(name: String, fence: Int64, owner: OwnerMark) {
        (self.name, self.fence, self.owner) = (name, fence, owner)
    }
}
