import Glibc
import TestSupport

/// Makes the faults of a plan, one after the other, and writes down what each did.
struct Faults {
    let scene: Scene

    /// Until everything was added.
    func run(_ plan: FaultPlan, while isBusy: () -> Bool, tell: (FaultRecord) -> Void) throws -> [FaultRecord] {
        var records: [FaultRecord] = []
        var plan = plan
        while isBusy(), let fault = plan.next() {
            pause(fault.gap)
            let holder = scene.holder(of: stream(fault))
            let run = holder?.run
            var made = try perform(aimed(fault, at: holder))
            for place in made.indices where run.map(made[place].runs.contains) ?? false { made[place].hadLease = true }
            records += made
            for record in made { tell(record) }
            try restartFallen()
            // Nothing that the ledger tells of such a run would be to the point.
            if scene.redis.isLost { throw TestSupportError("the Sentinels have another master, and nobody killed it") }
        }
        return records
    }

    /// Where one instance at a time delivers, two of three faults strike that one: the others have little to lose.
    private func aimed(_ fault: Fault, at holder: Bridge?) -> Fault {
        guard let holder, fault.seed % 3 > 0 else { return fault }
        var fault = fault
        fault.target = holder.index
        return fault
    }

    func stream(_ fault: Fault) -> Int { Int(fault.seed % UInt64(scene.settings.streams)) }

    private func perform(_ fault: Fault) throws -> [FaultRecord] {
        switch fault.kind {
        case .kill: [try kill(fault)]
        case .crash: [try crash(fault, [scene.bridges[fault.target]])]
        case .crashAll: [try crash(fault, scene.bridges)]
        case .terminate: [try terminate(fault)]
        case .freeze: [try freeze(fault)]
        case .killDrain: [try killDrain(fault)]
        case .killTakeover: try killTakeover(fault)
        case .overlap: [try overlap(fault)]
        case .claimAfters: [try claimAfters(fault)]
        case .descriptors: [try descriptors(fault)]
        case .bridgeClock: [try bridgeClock(fault)]
        case .killRedis: [try killRedis(fault)]
        case .failover: [try failover(fault)]
        case .isolateMaster: [try isolateMaster(fault)]
        case .muteSentinel: [try muteSentinel(fault)]
        case .freezeRedis: [freezeRedis(fault)]
        case .cut: [try cut(fault)]
        case .halfOpen: [halfOpen(fault)]
        case .slowRedis: [slowRedis(fault)]
        case .clientKill: [try clientKill(fault)]
        case .redisClock: [try redisClock(fault)]
        case .trim: [try trim(fault)]
        case .destroyGroup: [try destroyGroup(fault)]
        case .deleteConsumer: [try deleteConsumer(fault)]
        case .flushAll: [try flushAll(fault)]
        case .pause: [try pauseRoutes(fault)]
        case .reload: [try reload(fault)]
        case .replay: [try replay(fault)]
        case .refuse: [try refuse(fault)]
        case .badAnswers: [badAnswers(fault)]
        case .storm: try storm(fault)
        }
    }

    /// A bridge that ended by itself is a finding, and is started again so that the run goes on.
    private func restartFallen() throws {
        for bridge in scene.bridges where !bridge.isRunning {
            let exit = try bridge.waitForExit(within: 1)
            scene.fallen.append("\(bridge.name) ended by itself: \(exit.map { "\($0)" } ?? "?")")
            try bridge.start()
        }
    }

    /// Waits until all bridges are connected and have shown life lately, so that what is measured is this fault and not the
    /// last one.
    func waitForCalm() -> Bool {
        eventually(within: 40, every: 0.05) {
            guard let consumers = try? scene.control.consumers(), let clients = try? scene.control.clientNames() else {
                return false
            }
            return scene.bridges.allSatisfy { bridge in
                // For commands, for hearing of hand-overs, and for reading each stream.
                clients.count { $0 == "footbridge:\(bridge.name)" } >= scene.settings.workers
                    * (2 + scene.settings.streams)
                    && consumers.count { bridge.owns($0.name) && $0.idle < Settings.claimAfter / 2.5 }
                        >= scene.settings.workers * scene.settings.streams
            }
        }
    }

    var allRuns: [Int] { scene.bridges.map(\.run) }
}
