#if FOOTBRIDGE_SABOTAGE
    internal import FootbridgeCurl
    internal import FootbridgeRedis
    internal import RedisStreams
    internal import FootbridgeWebhooks

    /// In the place of the sound parts (`Parts.swift`): each is as sound as they are but for the fault that was chosen.
    enum Parts {
        typealias Law = FaultyLaw

        static let takeoverPolicy: any TakeoverPolicy = FaultyTakeover()

        static func sink(for route: RouteConfig, at place: SinkPlace) throws -> any Sink {
            let sound = try place.sink(for: route)
            return Sabotage.chosen.map { FaultySink(sound, $0, place.worker.loop) } ?? sound
        }

        static func acknowledgement(of ids: [EntryID], stream: String, group: String) -> StreamCommand<Int> {
            let isLost = Sabotage.chosen == .loseAcknowledgement
            return .acknowledge(
                isLost ? ids.map { $0.sequence == 0 && $0.milliseconds % 10 == 0 ? .zero : $0 } : ids,
                stream: stream, group: group)
        }

        static func lease(_ reply: LeaseReply, for owner: OwnerMark) -> LeaseMark? {
            // One that nobody looks for.
            Sabotage.chosen == .ignoreLease ? LeaseMark(name: "", fence: 0, owner: owner) : reply.lease(of: owner)
        }

        static func lane(_ lane: UInt64?) -> UInt64? { Sabotage.chosen == .forgetOrder ? nil : lane }

        static func handOver(_ session: StreamSession, _ completion: @escaping (_ left: Int) -> Void) {
            if Sabotage.chosen == .neverHandOver { return completion(0) }
            HandOver(session, completion).begin()
        }

        static func hold(_ mark: HoldMark?) -> HoldMark? { Sabotage.chosen == .ignorePause ? nil : mark }

        static func figures(of counters: RouteCounters) -> RouteFigures {
            var figures = counters.figures
            if Sabotage.chosen == .miscount { figures.delivered -= figures.delivered / Sabotage.rarity }
            return figures
        }
    }

    /// Judges otherwise than it should.
    enum FaultyLaw {
        static func of(
            _ outcome: Outcome, usedConnection: Bool, attempt: Int, mark: RefusalMark, standing: Standing,
            policy: RetryPolicy, id: EntryID, age: Duration?, now: Int64
        ) -> Verdict {
            let sound = Verdict.of(
                outcome, usedConnection: usedConnection, attempt: attempt, mark: mark, standing: standing,
                policy: policy, id: id, age: age, now: now)
            return switch (Sabotage.chosen, sound) {
            case (.retryEarly, .retry(let wait, let counts)): .retry(after: wait / 10, counts: counts)
            case (.giveUpEarly, .retry(_, counts: true)) where attempt >= 3: .deadLetter(.exhausted(outcome))
            case (.neverGiveUp, .deadLetter(.exhausted)):
                .retry(after: policy.delay(afterAttempt: attempt, of: id), counts: true)
            case (.believeRefusal, .repeatNow) where outcome.maySpeakOfEntries: .deadLetter(.rejected(outcome))
            case (.wrongReason, .deadLetter(.exhausted)): .deadLetter(.exhausted(.outage(.status(500 + attempt))))
            default: sound
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
