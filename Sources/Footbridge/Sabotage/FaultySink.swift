#if FOOTBRIDGE_SABOTAGE
    internal import FootbridgeCurl
    internal import Glibc
    internal import RedisStreams
    internal import FootbridgeWebhooks

    /// A sink that does not do, or not tell, what it should.
    final class FaultySink: Sink {
        var onFinish: (EntryTable.Row, DeliveryReport) -> Void = { _, _ in }
        private let sound: any Sink
        private let fault: Sabotage
        private let loop: CurlLoop
        private var started = 0
        private var finished = 0
        /// Deliveries under way.
        private var deliveries: [EntryTable.Row: Delivery] = [:]
        /// Those that are sent twice: at once, or for the second time.
        private var doubled: Set<EntryTable.Row> = []
        /// What is said to be refused, whatever the receiver says.
        private var refused: Set<EntryKey> = []

        init(_ sound: any Sink, _ fault: Sabotage, _ loop: CurlLoop) {
            self.sound = sound
            self.fault = fault
            self.loop = loop
            sound.onFinish = { [unowned self] in finish($0, $1) }
        }

        var free: Int { sound.free }
        var didSettle: ((EntryKey) -> Void)? { sound.didSettle }
        var onOpen: () -> Void {
            get { sound.onOpen }
            set { sound.onOpen = newValue }
        }

        func renewConnections(madeBefore moment: MonotonicTime) { sound.renewConnections(madeBefore: moment) }

        func replaceSecrets(_ webhook: WebhookConfig) throws { try sound.replaceSecrets(webhook) }

        func cancelAll() {
            if fault == .abortAtEnd { abort() }
            sound.cancelAll()
        }

        func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
            started += 1
            let isChosen = started.isMultiple(of: Sabotage.rarity)
            if isChosen, fault == .buryUnsent { throw UnmakeableRequest(description: "sabotage") }
            let report = try sound.start(forged(delivery, isChosen: isChosen))
            guard report == nil else { return report }
            deliveries[delivery.row] = delivery
            switch fault {
            case .ackBeforeDelivery:
                loop.schedule(after: .zero) { [self] in
                    onFinish(delivery.row, DeliveryReport(outcome: .delivered(status: 200)))
                }
            case .sendTwiceAtOnce:
                if isUnderWay(delivery) { doubled.insert(delivery.row) }
            case .dropReplays where delivery.replay != nil:
                loop.schedule(after: .zero) { [self] in
                    onFinish(delivery.row, DeliveryReport(outcome: .delivered(status: 200)))
                }
            case .buryDelivered where isChosen: refused.insert(delivery.key)
            case .leak: Self.leak()
            default: break
            }
            return nil
        }

        /// What leaves in the place of a delivery.
        private func forged(_ delivery: Delivery, isChosen: Bool) -> Delivery {
            var (key, fields, attempt) = (delivery.key, delivery.fields, delivery.attempt)
            switch fault {
            case .abortOnMarked:
                if fields.contains(where: { $0.name.elementsEqual("abort".utf8) }) { abort() }
            case .repeatNumber: attempt = max(1, attempt - 1)
            case .forgeBody where isChosen:
                fields = EntryFields(fields.map { ($0.name, $0.name.elementsEqual("data".utf8) ? [33] : $0.value) })
            case .wrongID where isChosen:
                let id = key.id
                key = EntryKey(
                    stream: key.stream, id: EntryID(milliseconds: id.milliseconds, sequence: id.sequence + 1))
            default: break
            }
            var copy = Delivery(
                row: delivery.row, key: key, fields: fields, attempt: attempt, isFresh: delivery.isFresh)
            (copy.place, copy.replay, copy.failure) = (delivery.place, delivery.replay, delivery.failure)
            return copy
        }

        /// Sends it once more; whether that is under way.
        private func isUnderWay(_ copy: Delivery) -> Bool {
            do {
                return try sound.start(copy) == nil
            } catch {
                return false
            }
        }

        private func finish(_ row: EntryTable.Row, _ report: DeliveryReport) {
            // The later one of two is told.
            if fault == .sendTwiceAtOnce, doubled.remove(row) != nil { return }
            let delivery = deliveries.removeValue(forKey: row)
            switch (fault, report.outcome) {
            case (.ackBeforeDelivery, _): break
            case (.dropReplays, _) where delivery?.replay != nil: break
            case (.dropOn5xx, let outcome) where outcome.status ?? 0 >= 500:
                onFinish(row, DeliveryReport(outcome: .delivered(status: 200)))
            case (.sendTwice, let outcome):
                if let delivery, doubled.remove(row) == nil, outcome.status == 200, isUnderWay(delivery) {
                    doubled.insert(row)
                } else {
                    onFinish(row, report)
                }
            case (.forgetDelivery, .delivered):
                finished += 1
                if !finished.isMultiple(of: Sabotage.rarity) { onFinish(row, report) }
            case (.buryDelivered, .delivered) where delivery.map { refused.contains($0.key) } ?? false:
                onFinish(row, DeliveryReport(outcome: .messageRefused(status: 422)))
            case (.ignoreRetryAfter, .throttled(let status, _)):
                onFinish(row, DeliveryReport(outcome: .throttled(status: status, retryAfter: nil)))
            default: onFinish(row, report)
            }
        }

        private static func leak() {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 8)
            // Or the system would not give it.
            memory.initializeMemory(as: UInt8.self, repeating: 1)
        }
    }
#endif
