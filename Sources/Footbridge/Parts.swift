#if !FOOTBRIDGE_SABOTAGE
    internal import FootbridgeCurl
    internal import FootbridgeRedis
    internal import RedisStreams

    /// The parts that a bridge is put together from where there is a choice. A build with faults in it, for checking the
    /// checks of `make chaos`, has others (`Sabotage/FaultyParts.swift`).
    enum Parts {
        /// Says what becomes of an entry after an attempt.
        typealias Law = Verdict

        static let takeoverPolicy: any TakeoverPolicy = TakesOverTheSilent()

        static func sink(for route: RouteConfig, at place: SinkPlace) throws -> any Sink {
            try place.sink(for: route)
        }

        static func acknowledgement(of ids: [EntryID], stream: String, group: String) -> StreamCommand<Int> {
            .acknowledge(ids, stream: stream, group: group)
        }

        /// The lease that a worker has, after it asked for it.
        static func lease(_ reply: LeaseReply, for owner: OwnerMark) -> LeaseMark? { reply.lease(of: owner) }

        /// What an entry has in common with those that wait for it.
        static func lane(_ lane: UInt64?) -> UInt64? { lane }

        /// Leaves a stream's entries to others at the end.
        static func handOver(_ session: StreamSession, _ completion: @escaping (_ left: Int) -> Void) {
            HandOver(session, completion).begin()
        }

        /// What people want of a route.
        static func hold(_ mark: HoldMark?) -> HoldMark? { mark }

        /// What people are told of a route.
        static func figures(of counters: RouteCounters) -> RouteFigures { counters.figures }
    }
#endif
