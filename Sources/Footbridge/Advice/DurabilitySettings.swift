/// What may have a server drop what it was given.
package struct DurabilitySettings: Sendable, Equatable {
    package let appendOnly: String
    package let evictionPolicy: String

    /// `nil` if a crash loses a second at most.
    package var persistenceAdvice: ServerAdvice? {
        guard appendOnly != "yes" else { return nil }
        return ServerAdvice(
            "persistence: appendonly is \(appendOnly), so a crash loses what came after the last snapshot; set appendonly yes"
        )
    }

    /// `nil` if nothing is evicted.
    package var evictionAdvice: ServerAdvice? {
        guard evictionPolicy != "noeviction" else { return nil }
        return ServerAdvice(
            "eviction: maxmemory-policy is \(evictionPolicy), which may delete streams with their groups; set noeviction"
        )
    }
}
