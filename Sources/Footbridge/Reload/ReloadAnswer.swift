/// What became of a wish to read the configuration again.
public enum ReloadAnswer: Sendable, Equatable {
    /// Routes by name. All of it is in effect.
    case taken(kept: Int, renewed: [String], changed: [String], added: [String], removed: [String])
    /// Nothing was changed. The lines say why, each with its place and its cure.
    case refused(String)
    /// The bridge stops.
    case stopping

    public var isTaken: Bool { if case .taken = self { true } else { false } }
}

extension ReloadAnswer: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let reasons): return reasons
        case .stopping: return "the bridge is stopping"
        case .taken(let kept, let renewed, let changed, let added, let removed):
            let groups: KeyValuePairs = [
                "changed": changed, "new secrets in": renewed, "added": added, "removed": removed,
            ]
            let parts = groups.filter { !$0.value.isEmpty }.map { "\($0.key) \($0.value.joined(separator: ", "))" }
            guard !parts.isEmpty else { return "nothing has changed in the routes" }
            return parts.joined(separator: "; ") + "; \(kept) \(kept == 1 ? "route" : "routes") untouched"
        }
    }
}

extension ReloadAnswer {
    init(_ plan: ReloadPlan) {
        self = .taken(
            kept: plan.kept.count, renewed: plan.renewed, changed: plan.changed, added: plan.added,
            removed: plan.removed)
    }
}
