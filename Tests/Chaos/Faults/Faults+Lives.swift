import Glibc
import TestSupport

/// Faults in the middle of what a bridge does to end, to begin, or to stand in for another.
extension Faults {
    func killDrain(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        bridge.signal(SIGTERM)
        pause(fault.force * 0.2)
        // From the signal on: what it was handing over may have come to others.
        let record = FaultRecord(fault, runs: [bridge.run])
        try bridge.kill()
        try bridge.start()
        return record
    }

    /// The second one dies as soon as entries of the first have another owner.
    func killTakeover(_ fault: Fault) throws -> [FaultRecord] {
        let isCalm = waitForCalm()
        let first = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [first.run])
        if !isCalm { record.complaints.append("the bridges did not come to rest before it") }
        try first.kill()
        let before = (try? scene.control.pending(of: first)) ?? 0
        _ = eventually(within: Settings.claimAfter + 3, every: 0.002) {
            ((try? scene.control.pending(of: first)) ?? before) < max(1, before)
        }
        // With an order the one that has the lease by now.
        let holder = scene.holder(of: stream(fault)).flatMap { $0 === first ? nil : $0 }
        let second = holder ?? scene.bridges[(fault.target + 1) % Settings.bridges]
        var next = FaultRecord(fault, runs: [second.run])
        next.hadLease = holder != nil
        second.signal(SIGKILL)
        try second.waitForExit(within: 10)
        try first.start()
        try second.start()
        return [record, next]
    }

    /// The new process comes first, then the old one leaves, as a deployment does it. Nothing may come twice.
    func overlap(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        let old = try bridge.replace()
        var record = FaultRecord(fault, runs: [old.run, bridge.run])
        pause(1 + fault.force)
        scene.runs.tellToEnd(old.run)
        old.process?.signal(SIGTERM)
        let exit = try old.process?.waitForExit(timeout: .seconds(Int(Settings.drainTimeout) + 5))
        scene.runs.end(old.run)
        if exit != .status(0) {
            record.complaints.append("the old one ended with \(exit.map { "\($0)" } ?? "nothing")")
        }
        let isOver = eventually(within: 3) { scene.runs.log(of: bridge.run).contains("footbridge runs") }
        if !isOver { record.complaints.append("the new one does not go on") }
        record.end = .now
        return record
    }

    /// A bridge that says less often that it lives. Nobody may take from it what it has: it lives.
    func claimAfters(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        bridge.signal(SIGTERM)
        try bridge.waitForExit(within: Settings.drainTimeout + 5)
        try bridge.start(claimAfter: Settings.claimAfter * 7)
        var record = FaultRecord(fault, runs: [bridge.run])
        // Waiting entries, and nothing fresh that would be a sign of life.
        scene.plan.misbehave(share: 0.9)
        pause(0.5)
        scene.rest(true)
        pause(Settings.claimAfter * 1.5 + fault.force)
        scene.rest(false)
        scene.plan.misbehave(share: scene.settings.usualShare)
        bridge.signal(SIGTERM)
        let exit = try bridge.waitForExit(within: Settings.drainTimeout + 5)
        if exit != .status(0) { record.complaints.append("ended with \(exit.map { "\($0)" } ?? "nothing")") }
        record.end = .now
        try bridge.start()
        return record
    }

    /// It keeps what is open and gets nothing new, while its receiver closes all connections: its own lack, nobody's fault.
    func descriptors(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        guard let process = bridge.process else { return record }
        // Below everything that is open: whatever is closed does not come back.
        let usual = try limit(process, to: "3:")
        bridge.receiver.endConnections()
        pause(1 + fault.force * 2)
        _ = try limit(process, to: usual)
        record.end = .now
        return record
    }

    func bridgeClock(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        bridge.signal(SIGTERM)
        try bridge.waitForExit(within: Settings.drainTimeout + 5)
        let clock = try MovableClock(scene.directory.file("clock-\(bridge.name)"))
        try bridge.start(clock: clock)
        var record = FaultRecord(fault, runs: [bridge.run])
        // An hour ago certificates that were made now are not valid yet.
        for seconds in scene.settings.tls ? [0, 3600, 7200] : [0, 3600, -3600] {
            try clock.step(to: seconds)
            pause(1.2 + fault.force)
        }
        bridge.signal(SIGTERM)
        let exit = try bridge.waitForExit(within: Settings.drainTimeout + 5)
        if exit != .status(0) { record.complaints.append("ended with \(exit.map { "\($0)" } ?? "nothing")") }
        record.end = .now
        try bridge.start()
        return record
    }

    /// What a slow, failing surrounding does to faults that are harmless alone.
    func storm(_ fault: Fault) throws -> [FaultRecord] {
        func part(_ kind: Fault.Kind, _ target: Int) -> Fault {
            var part = fault
            (part.kind, part.target) = (kind, target % Settings.bridges)
            return part
        }
        let (first, second) = (scene.bridges[fault.target], scene.bridges[(fault.target + 1) % Settings.bridges])
        var whole = FaultRecord(fault, runs: [])
        var slow = FaultRecord(part(.slowRedis, fault.target + 1), runs: [second.run])
        scene.plan.misbehave(share: 0.4)
        second.proxy.pass(.init(delay: 0.05, portion: 7))
        pause(0.5)
        let crash = try crash(part(.crash, fault.target), [first])
        var killed = FaultRecord(part(.clientKill, 0), runs: allRuns)
        try scene.control.killClients()
        killed.end = .now
        let frozen = freezeRedis(part(.freezeRedis, 0))
        second.proxy.pass(.init())
        slow.end = .now
        scene.plan.misbehave(share: scene.settings.usualShare)
        whole.end = .now
        return [whole, slow, crash, killed, frozen]
    }

    /// Sets the limit of descriptors, `soft:hard`, and returns what it was.
    private func limit(_ process: ChildProcess, to limit: String) throws -> String {
        let pid = "\(process.pid)"
        func prlimit(_ arguments: String...) throws -> String {
            let child = try ChildProcess("prlimit", ["--pid", pid] + arguments)
            guard try child.waitForExit() == .status(0) else { throw TestSupportError("prlimit: \(child.errorOutput)") }
            return child.output
        }
        let before = try prlimit("--nofile", "--output", "SOFT,HARD", "--noheadings", "--raw")
        _ = try prlimit("--nofile=\(limit)")
        return before.split(whereSeparator: \.isWhitespace).joined(separator: ":")
    }
}
