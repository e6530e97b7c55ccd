import Foundation
import TestSupport

/// One whole run: a calm beginning, faults until everything was added, a drain, and the checks.
struct Performance {
    let settings: Settings

    func run() throws -> [Check] {
        let scene = try Scene(settings)
        let began = Moment.now
        for bridge in scene.bridges { try bridge.start() }
        scene.plan.answerByStatus(share: settings.usualShare)
        scene.produce(upTo: settings.calmEntries)
        let isCalm =
            eventually(within: 120) { !scene.isProducing } && scene.drain(within: min(60, settings.drainSeconds))
            && scene.waitForRest(within: 5)
        if !isCalm { scene.fallen.append("the calm beginning did not end") }
        scene.runs.measure(\.base, \.calmFigures)
        let calmEnd = Moment.now
        Report.line("  calm: \(settings.calmEntries) entries in \(Int(calmEnd - began)) s; faults from now on")

        scene.plan.misbehave(share: settings.usualShare)
        scene.produce(upTo: settings.entries - settings.kept)
        let faults = try Faults(scene: scene).run(
            FaultPlan(seed: settings.seed, kinds: settings.kinds), while: { scene.isProducing }
        ) { record in
            Report.tell(record, since: calmEnd)
        }
        return try finish(scene, faults, calmEnd)
    }

    /// Waits until all is settled. Nothing is given up while nothing else is accepted: so now and then one more is added.
    private func drain(_ scene: Scene) -> Bool {
        var limit = settings.entries - settings.kept
        let isSettled = eventually(within: settings.drainSeconds, every: 0.5) {
            if !scene.isProducing, (try? scene.control.unsettled()) == 0 { return true }
            limit = min(limit + 1, settings.entries)
            scene.produce(upTo: limit)
            return false
        }
        scene.produce(upTo: settings.entries)
        return isSettled && eventually(within: 30) { !scene.isProducing } && scene.drain(within: 30)
    }

    private func finish(_ scene: Scene, _ faults: [FaultRecord], _ calmEnd: Moment) throws -> [Check] {
        let added = Moment.now
        let isDrained = drain(scene)
        let drained = Moment.now
        // Connections of the last requests may close, and memory settle.
        pause(1)
        _ = scene.waitForRest(within: 5)
        scene.runs.measure(\.end, \.endFigures)
        let exits = try scene.stopBridges()
        for producer in scene.producers { producer.stop() }
        try scene.control.find(scene.entries.gaps, in: scene.entries)
        let letters = try scene.control.deadLetters()
        func history(_ part: History.Part) -> History {
            History(
                part, settings: settings, entries: scene.entries.entries, receipts: scene.receipts.receipts,
                runs: scene.runs.runs, faults: faults, letters: letters, calmEnd: calmEnd,
                calmEntries: settings.calmEntries, isDrained: isDrained, exits: exits, fallen: scene.fallen)
        }
        let seconds = Int(added - calmEnd)
        Report.line(
            "  \(faults.count) faults in \(seconds) s, \(scene.cuts) connections cut by the proxies, "
                + "drained after \(Int(drained - added)) s more")
        Report.tell(scene.stalls.stalls, since: calmEnd)
        let checks = history(.first).checks(history(.replays))
        if !checks.allSatisfy(\.holds) {
            try scene.runs.write(to: settings.logs)
            let failures = checks.flatMap { check in check.allFailures.map { "\(check.name): \($0)\n" } }
            try Data(failures.joined().utf8).write(to: URL(filePath: "\(settings.logs)/failures.txt"))
            Report.line("  the bridges' logs: \(settings.logs)")
        }
        return checks
    }
}
