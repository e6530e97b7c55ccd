/// Faults of the receivers, beside those that any single request meets.
extension Faults {
    func refuse(_ fault: Fault) throws -> FaultRecord {
        var record = FaultRecord(fault, runs: [])
        let receiver = scene.bridges[fault.target].receiver
        receiver.close()
        pause(0.3 + fault.force * 1.5)
        try receiver.open()
        record.end = .now
        return record
    }

    func badAnswers(_ fault: Fault) -> FaultRecord {
        var record = FaultRecord(fault, runs: [])
        scene.plan.misbehave(share: 0.3 + fault.force * 0.6)
        pause(1 + fault.force * 2)
        scene.plan.misbehave(share: scene.settings.usualShare)
        record.end = .now
        return record
    }
}
