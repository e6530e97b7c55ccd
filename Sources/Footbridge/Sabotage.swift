#if FOOTBRIDGE_SABOTAGE
    internal import Curl
    internal import Glibc
    internal import RedisStreams
    internal import Webhooks

    /// Deliberate faults, one of which is at work if `FOOTBRIDGE_SABOTAGE` names it: so it is seen that the checks of
    /// `make chaos` find them. Only in builds with the flag of the same name (Package.swift), which nobody ships: there
    /// these parts stand in the place of the sound ones (`Parts.swift`).
    enum Sabotage: String, CaseIterable {
        case ackBeforeDelivery
        case neverClaim
        case claimTheLiving
        case dropOn5xx
        case sendTwice
        /// Ends the process with an entry that has the field `abort`: no fault of ours, but one that has to be survived.
        case abortOnMarked

        static let chosen = getenv("FOOTBRIDGE_SABOTAGE").flatMap { Sabotage(rawValue: String(cString: $0)) }
    }

    enum Parts {
        static func sink(for route: RouteConfig, namespace: String?, loop: CurlLoop) throws -> any Sink {
            let sound = try WebhookSink(route, namespace: namespace, loop: loop)
            return Sabotage.chosen.map { FaultySink(sound, $0, loop) } ?? sound
        }

        static let takeoverPolicy: any TakeoverPolicy = FaultyTakeover()
    }

    /// A sink that does not do, or not tell, what it should.
    final class FaultySink: Sink {
        var onFinish: (EntryTable.Row, DeliveryReport) -> Void = { _, _ in }
        private let sound: WebhookSink
        private let fault: Sabotage
        private let loop: CurlLoop
        /// Deliveries under way that are to be sent again, or whose end was told already.
        private var copies: [EntryTable.Row: Delivery] = [:]

        init(_ sound: WebhookSink, _ fault: Sabotage, _ loop: CurlLoop) {
            self.sound = sound
            self.fault = fault
            self.loop = loop
            sound.onFinish = { [unowned self] in finish($0, $1) }
        }

        var free: Int { sound.free }
        func cancelAll() { sound.cancelAll() }

        func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
            if fault == .abortOnMarked, delivery.fields.contains(where: { $0.name.elementsEqual("abort".utf8) }) {
                abort()
            }
            let report = try sound.start(delivery)
            guard report == nil else { return report }
            if fault == .sendTwice { copies[delivery.row] = delivery }
            if fault == .ackBeforeDelivery {
                loop.schedule(after: .zero) { [self] in
                    onFinish(delivery.row, DeliveryReport(outcome: .delivered(status: 200)))
                }
            }
            return nil
        }

        /// Returns whether it is under way.
        private func sendAgain(_ copy: Delivery) -> Bool {
            do {
                return try sound.start(copy) == nil
            } catch {
                return false
            }
        }

        private func finish(_ row: EntryTable.Row, _ report: DeliveryReport) {
            switch (fault, report.outcome) {
            case (.ackBeforeDelivery, _): break
            case (.dropOn5xx, let outcome) where outcome.status ?? 0 >= 500:
                onFinish(row, DeliveryReport(outcome: .delivered(status: 200)))
            case (.sendTwice, .delivered):
                guard let copy = copies.removeValue(forKey: row), sendAgain(copy) else {
                    return onFinish(row, report)
                }
            default:
                copies[row] = nil
                onFinish(row, report)
            }
        }
    }

    struct FaultyTakeover: TakeoverPolicy {
        func isDead(_ consumer: ConsumerInfo, after silence: Duration, isAcquainted: Bool) -> Bool {
            switch Sabotage.chosen {
            case .neverClaim: false
            case .claimTheLiving: true
            default: consumer.idle >= silence && isAcquainted
            }
        }

        func silence(_ silence: Duration) -> Duration { Sabotage.chosen == .claimTheLiving ? .zero : silence }
    }
#endif
