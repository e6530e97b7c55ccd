import TestSupport

extension [ReceivedRequest] {
    /// The ids of the requests that were answered 2xx, in their order.
    var acceptedIDs: [String] { filter(\.action.accepts).compactMap(\.id) }

    /// The bodies of the requests that were answered 2xx, in their order.
    var acceptedBodies: [String] { filter(\.action.accepts).map(\.text) }

    /// How many more requests were answered 2xx than there are ids among them.
    var duplicates: Int { acceptedIDs.count - Set(acceptedIDs).count }

    /// The attempt number of each request, in their order.
    var attempts: [String] { map { $0["webhook-attempt"] ?? "none" } }

    /// The requests of each id, in their order.
    var byID: [String: [ReceivedRequest]] { Dictionary(grouping: self) { $0.id ?? "none" } }

    /// The time from each request to the next.
    var gaps: [Duration] { zip(self, dropFirst()).map { $1.time - $0.time } }
}

/// The body of an entry that has but the field `n`.
func body(_ number: Int) -> String { "{\"n\":\"\(number)\"}" }
