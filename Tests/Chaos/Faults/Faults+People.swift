import TestSupport

/// What people do to bridges that run: no fault, and nothing may come of it but what they want.
extension Faults {
    /// Dead letters of one time at most.
    private static let letters = 30

    func pauseRoutes(_ fault: Fault) throws -> FaultRecord {
        // One that is cut off hears of it later.
        let isCalm = waitForCalm()
        var record = FaultRecord(fault, runs: [])
        if !isCalm { record.complaints.append("the bridges did not come to rest before it") }
        try tell(["pause", "--all"], scene.bridges[fault.target], &record)
        let told = Moment.now
        pause(1.6 + fault.force)
        // All instances know within a second; the clocks of receivers' threads have a little more.
        record.quiet = (told + 1.1)...(.now)
        try tell(["resume", "--all"], scene.bridges[fault.target], &record)
        record.end = .now
        return record
    }

    func reload(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        for concurrency in [Settings.concurrency / 2, Settings.concurrency] {
            try bridge.rewrite(concurrency: concurrency)
            try tell(["reload"], bridge, &record)
            pause(0.2 + fault.force * 0.5)
        }
        record.end = .now
        return record
    }

    /// Each entry once: so it is known of every request whether it is of the first time or of the second.
    func replay(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: [])
        var ids: [String] = []
        for (id, fields) in try scene.control.deadLetters(of: stream(fault)) where ids.count < Self.letters {
            guard fields["reason"]?.text != "trimmed", fields["replays"] == nil,
                let entry = fields["id"]?.text.flatMap({ EntryID($0, stream: stream(fault)) }),
                scene.replayed.insert(entry).inserted
            else { continue }
            ids.append(id)
            record.replayed.append(fields)
        }
        record.remark = "\(ids.count) dead letters"
        guard !ids.isEmpty else { return record }
        let place = Settings.deadLetters(stream(fault), routes: scene.settings.routes)
        let said = try tell(["dead", "replay", "--in", place] + ids, scene.bridges[fault.target], &record)
        let noun = ids.count == 1 ? "letter" : "letters"
        if !said.hasPrefix("replayed \(ids.count) dead \(noun) to route ") { record.complaints.append("said: \(said)") }
        // A master that died before its replica had it would have the letters still.
        if scene.settings.sentinels > 0 { try scene.control.settle() }
        record.end = .now
        return record
    }

    /// Runs the command of the bridge's own binary and configuration.
    @discardableResult
    private func tell(_ words: [String], _ bridge: Bridge, _ record: inout FaultRecord) throws -> String {
        let command = try ChildProcess(scene.settings.binary, words + ["-c", bridge.file])
        let exit = try command.waitForExit(timeout: .seconds(20))
        if exit != .status(0) { record.complaints.append("\(words[0]) ended with \(exit): \(command.errorOutput)") }
        return command.output
    }
}
