/// What was checked, with what was found.
struct Check {
    let name: String
    let figures: String
    /// What is wrong; empty if the check holds.
    let failures: [String]
    /// The same, all of them.
    let allFailures: [String]

    /// - Parameter failures: the first of each sort are shown, by what stands before a colon, with how many there are.
    init(_ name: String, _ figures: String, failures: [String] = []) {
        self.name = name
        self.figures = figures
        allFailures = failures
        let sorts = Dictionary(grouping: failures) { String($0.prefix { $0 != ":" }.prefix(40)) }
        let shown = sorts.sorted { $0.key < $1.key }.flatMap { $0.value.prefix(4) }.prefix(16)
        self.failures = shown.count < failures.count ? shown + ["… \(failures.count) in all"] : failures
    }

    var holds: Bool { failures.isEmpty }
}

extension History {
    /// All checks of a run.
    ///
    /// - Parameter replays: the history of what was replayed.
    func checks(_ replays: History) -> [Check] {
        let exposure = Exposure(self)
        var checks = [
            losses(exposure), trims(), unexpected(), duplicates(exposure), settledOnce(exposure), oneAtATime(exposure),
            changesHands(exposure), burials(exposure), refusals(), attemptsRise(exposure), attemptsEnd(),
            retryLaw(exposure),
            calmAccounts(), accounts(exposure, replays), quiet(), replays.settledOnceMore(), darkTime(), handOver(),
            drained(), baseLine(), surroundings(),
        ]
        // Under strict order nothing passes what a receiver refuses, and nothing shows that it takes others: `give_up: always`.
        if settings.ordering != .strict { checks.append(scapegoats()) }
        if settings.ordering != .none { checks += [orderKept(exposure), oneOfEachOrder(exposure)] }
        return checks
    }

    /// One receipt, for people.
    func text(_ place: Int) -> String {
        let receipt = receipts[place]
        let time = String(Int((receipt.received - calmEnd) * 1000))
        return "#\(receipt.attempt) \(receipt.answer) at \(time) ms by run \(receipt.run)"
    }

    func text(ofEntry entry: Int) -> String {
        let places = byEntry[entry]
        let requests =
            places.prefix(12).map { text(Int($0)) }.joined(separator: ", ")
            + (places.count > 12 ? " … \(places.count) requests" : "")
        let id = entries[entry].outcome.isOwed ? entries[entry].id.description : "\(entries[entry].outcome)"
        return "entry \(entry) (\(id)): \(requests.isEmpty ? "no request" : requests)"
    }
}
