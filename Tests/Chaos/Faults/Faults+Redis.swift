import TestSupport

/// Faults of Redis, of the way to it, and of what stands in it.
extension Faults {
    func killRedis(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        try scene.redis.master.kill()
        pause(fault.force * 1.5)
        try scene.redis.master.restart()
        record.end = .now
        return record
    }

    func failover(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        try scene.redis.killMaster()
        record.end = .now
        pause(fault.force * 1.5)
        try scene.redis.restoreReplica()
        return record
    }

    /// For two seconds, one cut after the other.
    func cut(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        var random = SplitMix64(state: fault.seed)
        let before = bridge.proxy.cutsMade
        for _ in 0..<8 {
            bridge.proxy.arm(
                .init(
                    bytes: Int.random(in: 0..<3000, using: &random), isUpstream: Bool.random(using: &random),
                    isReset: Bool.random(using: &random)))
            pause(Double.random(in: 0.05..<0.45, using: &random))
        }
        bridge.proxy.disarm()
        record.end = .now
        scene.cuts += bridge.proxy.cutsMade - before
        return record
    }

    func clientKill(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        for _ in 0..<(1 + Int(fault.force * 4)) {
            try scene.control.killClients()
            pause(0.2)
        }
        record.end = .now
        return record
    }

    func trim(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: [])
        let trimmed = try scene.control.trim(share: fault.force, unread: fault.force > 0.7 ? 20 : 0)
        record.trimmedPending = trimmed.pending
        record.trimmedUnread = trimmed.unread
        return record
    }

    func destroyGroup(_ fault: Fault) throws -> FaultRecord {
        let isCalm = waitForCalm()
        var record = FaultRecord(fault, runs: allRuns)
        if !isCalm { record.complaints.append("the bridges did not come to rest before it") }
        let known = Set(scene.runs.lines(with: Self.madeAgain, of: allRuns))
        var destroyed: Control.Destroyed?
        _ = try eventually(within: 10) {
            destroyed = try scene.control.destroyGroup(living: scene.bridges.map(\.consumer))
            return destroyed != nil
        }
        guard let destroyed else {
            record.complaints.append("no moment in which only the living had entries")
            return record
        }
        var position: EntryID?
        _ = eventually(within: 15, every: 0.05) {
            let lines = scene.runs.lines(with: Self.madeAgain, of: allRuns).filter { !known.contains($0) }
            position = lines.compactMap { $0["position"].flatMap { EntryID($0) } }.min()
            return position != nil
        }
        // The others put back what they hold when their next round meets the new group. Until then only they know of it:
        // whoever is killed now takes it along, and no bridge could help that.
        pause(Settings.claimAfter)
        record.end = .now
        if let position {
            if position < destroyed.lastDelivered { record.reread = position...destroyed.lastDelivered }
        } else {
            record.complaints.append("the group was not made again within 15 s")
        }
        return record
    }

    private static var madeAgain: String { "the consumer group was gone; made again where it stood" }
}
