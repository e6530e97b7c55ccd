import Glibc
import TestSupport

/// Faults of the bridges' processes.
extension Faults {
    func kill(_ fault: Fault) throws -> FaultRecord {
        let isCalm = waitForCalm()
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        if !isCalm { record.complaints.append("the bridges did not come to rest before it") }
        try bridge.kill()
        // A little longer than the bound, so that a late takeover is told from none. No answer is no takeover.
        let isMoved = eventually(within: Settings.claimAfter + 3) {
            (try? scene.control.haveNone(bridge) && !scene.control.hasLease(bridge)) ?? false
        }
        record.darkTime = isMoved ? Moment.now - record.start : .infinity
        try bridge.start()
        return record
    }

    func crash(_ fault: Fault, _ bridges: [Bridge]) throws -> FaultRecord {
        let record = FaultRecord(fault, runs: bridges.map(\.run))
        for bridge in bridges { bridge.signal(SIGKILL) }
        for bridge in bridges { try bridge.waitForExit(within: 10) }
        pause(fault.force * 0.5)
        for bridge in bridges { try bridge.start() }
        return record
    }

    func terminate(_ fault: Fault) throws -> FaultRecord {
        let isCalm = waitForCalm()
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        if !isCalm { record.complaints.append("the bridges did not come to rest before it") }
        bridge.signal(SIGTERM)
        let exit = try bridge.waitForExit(within: Settings.drainTimeout + 5)
        record.end = .now
        if exit != .status(0) { record.complaints.append("ended with \(exit.map { "\($0)" } ?? "nothing")") }
        let isOver = try eventually(within: 3, every: 0.005) {
            try scene.control.consumers().allSatisfy {
                !bridge.owns($0.name) && ($0.name != "footbridge:released" || $0.pending == 0)
            } && (scene.settings.ordering == .none || scene.control.areLeased(to: scene.bridges))
        }
        record.handOver = isOver ? Moment.now - record.end : .infinity
        pause(fault.force)
        try bridge.start()
        return record
    }

    func freeze(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        bridge.signal(SIGSTOP)
        record.second = UInt32(time(nil))
        pause(Settings.claimAfter + 0.5 + fault.force)
        // Before it goes on: from then on it may send.
        record.end = .now
        bridge.signal(SIGCONT)
        return record
    }
}
