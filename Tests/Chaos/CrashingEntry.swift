import TestSupport

/// Three bridges, started again whenever they fall, and an entry that aborts whichever begins it: it has to end in the
/// dead letters after `retry.attempts`, and take no other entry with it.
struct CrashingEntry {
    var settings: Settings

    static let name = "abortOnMarked"

    init(settings: Settings) {
        self.settings = settings
        self.settings.sabotage = Self.name
        // Enough for all its attempts: nothing is given up while an endpoint takes nothing else.
        self.settings.entries = 12_000
        self.settings.rate = 400
        self.settings.marked = [700]
    }

    func run() throws -> [Check] {
        let scene = try Scene(settings)
        for bridge in scene.bridges { try bridge.start() }
        scene.produce(upTo: settings.entries)
        var crashes = 0
        let isDrained = try eventually(within: 90, every: 0.02) {
            for bridge in scene.bridges where !bridge.isRunning {
                crashes += 1
                try bridge.waitForExit(within: 5)
                try bridge.start()
            }
            return !scene.isProducing && (try? scene.control.unsettled()) == 0
        }
        let exits = try scene.stopBridges()
        for producer in scene.producers { producer.stop() }
        let history = History(
            settings: settings, entries: scene.entries.entries, receipts: scene.receipts.receipts,
            runs: scene.runs.runs, letters: try scene.control.deadLetters(), calmEnd: .now, isDrained: isDrained,
            exits: exits)
        return [history.losses(Exposure(history)), history.unexpected(), history.drained(), end(history, crashes)]
    }

    private func end(_ history: History, _ crashes: Int) -> Check {
        var failures: [String] = []
        let marked = history.letters.filter { $0.number.map(settings.marked.contains) ?? false }
        // One more: a reading that may not have led to a request is not charged.
        let allowed = Settings.attempts...Settings.attempts + 1
        if marked.map(\.reason) != ["exhausted: instance_lost"] || !marked.map(\.attempts).allSatisfy(allowed.contains)
        {
            failures.append("its dead letters: \(marked.map { "\($0.reason) after \($0.attempts)" })")
        }
        if !allowed.contains(crashes) { failures.append("\(crashes) processes fell, not \(allowed)") }
        let others = history.letters.count - marked.count
        if others > 0 { failures.append("\(others) others are dead, too") }
        return Check(
            "an entry that kills the process ends in the dead letters",
            "after \(crashes) processes, \(others) others with it", failures: failures)
    }
}
