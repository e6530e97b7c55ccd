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
            let record = try perform(fault)
            records.append(record)
            tell(record)
            try restartFallen()
            // Nothing that the ledger tells of such a run would be to the point.
            if scene.redis.isLost { throw TestSupportError("the Sentinels have another master, and nobody killed it") }
        }
        return records
    }

    private func perform(_ fault: Fault) throws -> FaultRecord {
        switch fault.kind {
        case .kill: try kill(fault)
        case .crash: try crash(fault, [scene.bridges[fault.target]])
        case .crashAll: try crash(fault, scene.bridges)
        case .terminate: try terminate(fault)
        case .freeze: try freeze(fault)
        case .killRedis: try killRedis(fault)
        case .failover: try failover(fault)
        case .cut: try cut(fault)
        case .clientKill: try clientKill(fault)
        case .trim: try trim(fault)
        case .destroyGroup: try destroyGroup(fault)
        case .refuse: try refuse(fault)
        case .badAnswers: badAnswers(fault)
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
        eventually(within: 20, every: 0.05) {
            guard let consumers = try? scene.control.consumers(), let clients = try? scene.control.clientNames() else {
                return false
            }
            return scene.bridges.allSatisfy { bridge in
                // For commands, for reading, and for hearing of hand-overs.
                clients.count { $0 == "footbridge:\(bridge.name)" } == 3
                    && consumers.contains { $0.name == bridge.consumer && $0.idle < Settings.claimAfter / 2.5 }
            }
        }
    }

    var allRuns: [Int] { scene.bridges.map(\.run) }
}
