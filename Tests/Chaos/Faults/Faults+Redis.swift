import Glibc
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

    /// Between a tenth of `claim_after` and twice that: beyond the deadline of commands, and beyond what silence a bridge may
    /// keep.
    func freezeRedis(_ fault: Fault) -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        scene.redis.master.pause()
        pause(Settings.claimAfter * (0.1 + fault.force * 1.9))
        scene.redis.master.resume()
        record.end = .now
        return record
    }

    func halfOpen(_ fault: Fault) -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        bridge.proxy.pass(.init(swallows: true))
        pause(Settings.claimAfter * (0.2 + fault.force * 2))
        bridge.proxy.pass(.init())
        record.end = .now
        return record
    }

    /// Not so slow that it would be silence.
    func slowRedis(_ fault: Fault) -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        bridge.proxy.pass(.init(delay: 0.005 + fault.force * 0.1, portion: 1 + Int(fault.force * 20)))
        pause(1.5 + fault.force)
        bridge.proxy.pass(.init())
        record.end = .now
        return record
    }

    /// Idle times leap: nobody is silent by that.
    func redisClock(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        for seconds in [Int(Settings.claimAfter) * 10, 0] {
            try scene.redis.clock?.step(to: seconds)
            pause(2 + fault.force)
        }
        record.end = .now
        return record
    }

    func isolateMaster(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        try scene.redis.isolateMaster()
        record.end = .now
        return record
    }

    func muteSentinel(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        let sentinel = scene.redis.sentinels[fault.target % scene.redis.sentinels.count]
        sentinel.process.signal(SIGSTOP)
        defer { sentinel.process.signal(SIGCONT) }
        try scene.control.killClients()
        pause(1 + fault.force * 2)
        record.end = .now
        return record
    }

    func deleteConsumer(_ fault: Fault) throws -> FaultRecord {
        let bridge = scene.bridges[fault.target]
        var record = FaultRecord(fault, runs: [bridge.run])
        record.dropped = try scene.control.deleteConsumers(of: bridge)
        let count = record.dropped.count
        record.remark = "\(count) entries went with it"
        // Until it has noticed and has put back what it holds: nobody else knows of that, and whatever kills it or deletes
        // more before takes it along. It may have been cut off, and wait 10 s before it tries again.
        let end = Moment.now + 30.0
        repeat {
            pause(Settings.claimAfter / 2)
        } while try count > 0 && scene.control.pending(of: bridge) == 0 && .now < end
        pause(Settings.claimAfter / 2)
        record.end = .now
        return record
    }

    func flushAll(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: allRuns)
        // Streams begin anew: if a clock was ahead, they would give ids a second time.
        guard try scene.control.latestID() < EntryID(milliseconds: UInt64(time(nil) + 1) * 1000, sequence: 0) else {
            record.remark = "left out: its ids would come again"
            return record
        }
        guard let flushed = try scene.control.flushAll() else {
            record.complaints.append("FLUSHALL failed")
            return record
        }
        (record.flushed, record.flushedLetters, record.flushedReplays) =
            (flushed.unsettled, flushed.letters, flushed.replays)
        record.remark = "\(flushed.unsettled.count) entries and \(flushed.letters.count) dead letters went with it"
        // Until all have noticed that the group is another one.
        pause(Settings.claimAfter)
        record.end = .now
        return record
    }

    func trim(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: [])
        let trimmed = try scene.control.trim(stream(fault), share: fault.force, unread: fault.force > 0.7 ? 20 : 0)
        record.trimmedPending = trimmed.pending
        record.trimmedUnread = trimmed.unread
        scene.entries.see(trimmed.numbers)
        return record
    }

    func destroyGroup(_ fault: Fault) throws -> FaultRecord {
        let isCalm = waitForCalm()
        var record = FaultRecord(fault, runs: allRuns)
        if !isCalm { record.complaints.append("the bridges did not come to rest before it") }
        let known = Set(scene.runs.lines(with: Self.madeAgain, of: allRuns))
        var destroyed: Control.Destroyed?
        _ = try eventually(within: 10) {
            let names = try scene.control.consumers().map(\.name)
            let living = names.filter { name in scene.bridges.contains { $0.owns(name) } }
            destroyed = try scene.control.destroyGroup(in: stream(fault), living: living)
            return destroyed != nil
        }
        guard let destroyed else {
            record.complaints.append("no moment in which only the living had entries")
            return record
        }
        var made: (position: EntryID, run: Int)?
        _ = eventually(within: 15, every: 0.05) {
            for run in allRuns {
                let lines = scene.runs.lines(with: Self.madeAgain, of: [run]).filter { !known.contains($0) }
                let place = lines.compactMap { $0["position"].flatMap { EntryID($0, stream: stream(fault)) } }.min()
                if let place,
                    place < made?.position ?? EntryID(milliseconds: .max, sequence: .max, stream: stream(fault))
                {
                    made = (place, run)
                }
            }
            return made != nil
        }
        // The others put back what they hold when their next round meets the new group. Until then only they know of it:
        // whoever is killed now takes it along, and no bridge could help that.
        pause(Settings.claimAfter)
        record.end = .now
        if let made {
            if made.position < destroyed.lastDelivered {
                record.reread = .init(
                    range: made.position...destroyed.lastDelivered, maker: scene.settings.workers == 1 ? made.run : nil)
            }
        } else {
            record.complaints.append("the group was not made again within 15 s")
        }
        return record
    }

    private static var madeAgain: String { "the consumer group was gone; made again where it stood" }
}
