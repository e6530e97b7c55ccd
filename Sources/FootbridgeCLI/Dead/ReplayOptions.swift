import ArgumentParser

/// How fast, and whether at all.
struct ReplayOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("At most so many per second, minute or hour: 100/s, 60/m.", valueName: "rate"),
        transform: { try ReplayRate($0) })
    var rate: ReplayRate?

    @Flag(help: "Change nothing; say what would be replayed.")
    var dryRun = false
}

struct ReplayRate: Sendable, Equatable {
    let perSecond: Double

    init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let seconds: [Substring: Double] = ["s": 1, "m": 60, "h": 3600]
        guard parts.count <= 2, let count = Int(parts[0]), (1...1_000_000).contains(count),
            let unit = parts.count == 1 ? 1 : seconds[parts[1]]
        else { throw ValidationError("write how many per second, minute or hour: 100/s, 60/m, 10/h") }
        perSecond = Double(count) / unit
    }

    /// So many at a time that each takes no more than a fraction of a second.
    func portion(_ most: Int) -> Int { min(most, max(1, Int(perSecond / 10))) }
}

/// Keeps a rate by the sum of what was done, so that a slow moment is made up for.
struct ReplayPace {
    let rate: ReplayRate?
    private let start = ContinuousClock.now
    private var count = 0

    init(_ rate: ReplayRate?) { self.rate = rate }

    mutating func didMove(_ count: Int) async throws {
        self.count += count
        guard let rate else { return }
        try await Task.sleep(until: start + .seconds(Double(self.count) / rate.perSecond))
    }
}
