/// What became of entries that went out in portions.
struct AddOutcomes {
    private enum Portion {
        case underWay(Int)
        case added([EntryID])
        case mixed([AddFailure.Outcome])
    }

    private var portions: [Portion] = []
    /// What went wrong first.
    private(set) var failure: Redis.Failure?

    /// How many portions are under way at most.
    static let portions = 6

    /// Whether so many go out together.
    static func isFull(_ count: Int, _ bytes: Int) -> Bool { count == 100 || bytes >= 1 << 20 }

    /// So many were sent.
    ///
    /// - Returns: the number of the portion.
    mutating func begin(_ count: Int) -> Int {
        portions.append(.underWay(count))
        return portions.count - 1
    }

    mutating func end(_ number: Int, _ outcome: Pipeline<EntryID>.Outcome) {
        switch outcome {
        case .all(let ids): portions[number] = .added(ids)
        case .each(let results):
            var outcomes: [AddFailure.Outcome] = []
            for result in results {
                switch result {
                case .success(let id): outcomes.append(.added(id))
                case .failure(let error):
                    failure = failure ?? error
                    outcomes.append(error.mayHaveRun ? .uncertain : .notAdded)
                }
            }
            portions[number] = .mixed(outcomes)
        }
    }

    /// The ids of all entries in their order, if all were added.
    var ids: [EntryID] {
        var ids: [EntryID] = []
        ids.reserveCapacity(100 * portions.count)
        for case .added(let portion) in portions { ids += portion }
        return ids
    }

    var all: [AddFailure.Outcome] {
        portions.flatMap { portion -> [AddFailure.Outcome] in
            switch portion {
            case .underWay(let count): Array(repeating: .uncertain, count: count)
            case .added(let ids): ids.map { .added($0) }
            case .mixed(let outcomes): outcomes
            }
        }
    }
}

extension Redis.Stream {
    /// The ids of what was added, if nothing went wrong.
    ///
    /// - Parameters:
    ///   - left: so many were taken from the sequence and not sent.
    ///   - isCut: the task was cancelled before all was sent.
    ///   - thrown: what the sequence threw.
    func result(
        _ outcomes: AddOutcomes, left: Int, _ trimming: Trimming?, isCut: Bool, thrown: (any Error)? = nil
    ) async throws(AddFailure) -> [EntryID] {
        var cause = thrown
        if cause == nil, let failure = outcomes.failure { cause = await redis.explained(failure, trimming?.needs) }
        if cause == nil, isCut { cause = Redis.Failure(.cancelled, command: "XADD") }
        guard let cause else { return outcomes.ids }
        throw AddFailure(cause: cause, outcomes: outcomes.all + Array(repeating: .notAdded, count: left))
    }
}
