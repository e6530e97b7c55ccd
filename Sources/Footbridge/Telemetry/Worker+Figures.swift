internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import FootbridgeWebhooks
internal import RedisStreams

/// What a worker tells of itself when it is asked; nothing is prepared while nobody does.
extension Worker {
    var snapshot: WorkerSnapshot {
        WorkerSnapshot(
            isRedisUp: context.commands.connection != nil, redisReconnects: context.health.reconnects,
            roundTrip: context.pulse.roundTrip, loopDelay: context.pulse.delay,
            replicaShortages: context.replicas?.shortages ?? 0, spansExported: context.exporter?.exported ?? 0,
            spansDropped: context.exporter?.dropped ?? 0, routes: routes.map(\.snapshot))
    }

    /// The last attempts of a route, in the order in which they ended.
    ///
    /// - Parameter number: later than this one only.
    func attempts(ofRoute name: String, since number: UInt64) -> [AttemptRecord] {
        routes.first { $0.config.name == name }?.notes.last.since(number) ?? []
    }

    /// Entries of a route that wait without their bodies, by due time.
    func waiting(ofRoute name: String, limit: Int) -> [WaitingEntry] {
        routes.first { $0.config.name == name }?.waiting(limit: limit) ?? []
    }

    /// `nil` without a connection.
    func call(_ command: RESPCommand) async -> Result<RESPValue, RedisError>? {
        guard let connection = context.commands.connection else { return nil }
        return await withCheckedContinuation { continuation in
            connection.send(command) { continuation.resume(returning: $0) }
        }
    }

    /// What each route's group has still to settle of each of its streams, over all instances; without those of which Redis does
    /// not tell within a second.
    func backlogs() async -> [StreamPlace: StreamBacklog] {
        guard let connection = context.commands.connection else { return [:] }
        return await withCheckedContinuation {
            (continuation: CheckedContinuation<[StreamPlace: StreamBacklog], Never>) in
            var backlogs: [StreamPlace: StreamBacklog] = [:]
            var (letters, replays): ([StreamPlace: Int], [StreamPlace: Int]) = ([:], [:])
            var (left, isOver) = (1, false)
            func finish() {
                guard !isOver else { return }
                isOver = true
                for (place, count) in letters { backlogs[place]?.deadLetters = count }
                for (place, count) in replays { backlogs[place]?.replays = count }
                continuation.resume(returning: backlogs)
            }
            func end() {
                left -= 1
                if left == 0 { finish() }
            }
            for route in routes {
                let config = route.config
                for session in route.sessions where session.isReplay && session.isAwake {
                    // All that is in it is to be delivered still.
                    let stream = config.streams[session.index - config.streams.count]
                    left += 1
                    connection.send(.length(of: session.name)) { (result: Result<Int, RedisError>) in
                        replays[StreamPlace(route: config.name, stream: stream)] = try? result.get()
                        end()
                    }
                }
                for stream in config.streams {
                    let place = StreamPlace(route: config.name, stream: stream)
                    left += 1
                    connection.send(StreamBacklog.command(stream: stream, group: config.group)) { reply in
                        backlogs[place] = (try? reply.get()).flatMap(StreamBacklog.init(reply:))
                        end()
                    }
                    guard let dead = config.deadLetterStream(of: stream) else { continue }
                    left += 1
                    connection.send(.length(of: dead)) { (result: Result<Int, RedisError>) in
                        letters[place] = try? result.get()
                        end()
                    }
                }
            }
            // Not worth the connection, which the deadline of a command would cost.
            loop.schedule(after: .seconds(1)) { finish() }
            end()
        }
    }
}

extension Route {
    fileprivate var snapshot: RouteSnapshot {
        let crowd = intake.isFull && !isHeldUp ? "as many entries wait as max_parked allows" : nil
        let now = worker.loop.now
        let (known, down) = endpoints?.count ?? (1, endpoint.standing.isDown ? 1 : 0)
        let worst = endpoints?.worst(Self.listedEndpoints) ?? [endpoint.snapshot(waiting: table.bodiless, now: now)]
        return RouteSnapshot(
            route: config.name, group: config.group, destination: config.destination.kind,
            figures: Parts.figures(of: counters), inFlight: inFlight + (predecessor?.inFlight ?? 0),
            concurrency: concurrency,
            queued: table.count(.queued), parked: table.count(.waiting), due: table.dueCounts(now: now),
            gate: gate, hold: hold, endpointsKnown: known, endpointsDown: down, endpoints: worst,
            blocked: table.count(.blocked) + table.count(.parked), entries: table.count,
            streams: sessions.prefix(config.streams.count).map { session in
                RouteSnapshot.Stream(
                    stream: session.name, obstacle: session.obstacle ?? crowd,
                    isLed: session.lease == nil || session.machine.lease != nil,
                    deadLetters: config.deadLetterStream(of: session.name))
            },
            rateTrouble: endpoint.rateTrouble, refusals: refusals)
    }

    private var refusals: [String] {
        var refusals = settler.troubles.map { "stream \(places[$0.stream]): \($0.words)" }
        for session in sessions {
            if let trouble = session.takeover.trouble {
                refusals.append("stream \(session.name): entries of dead instances cannot be taken over: \(trouble)")
            }
            if session.isReplay, let trouble = session.trouble {
                refusals.append("stream \(session.name): what was replayed cannot be read: \(trouble)")
            }
        }
        return refusals
    }

    /// Of a route whose entries name them.
    private static let listedEndpoints = 20

    /// Where nothing waits nothing is wrong for anybody, and nothing will be sent that could show the opposite.
    private var gate: GateStatus {
        let standing = endpoint.standing
        if table.count > 0, let trouble = endpoint.rateTrouble {
            return .failing(reason: "Redis gives no tokens of the shared rate: \(trouble)")
        }
        guard table.count > 0, let failure = standing.lastFailure else { return .open }
        switch standing.state {
        case .down(let down) where isHeldUp:
            return .held(reason: down.reason.status == 410 ? "the endpoint is gone (410)" : "\(down.reason)")
        case .down: return .failing(reason: "\(failure)")
        case .well, .doubtful: return standing.isFailing ? .failing(reason: "\(failure)") : .open
        }
    }
}

extension Endpoint {
    /// - Parameter waiting: entries that wait, for it or for their time.
    func snapshot(waiting: Int, now: MonotonicTime) -> EndpointSnapshot {
        var snapshot = EndpointSnapshot(
            name: name, standing: .well, failure: failure, acceptedAt: acceptedAt, inFlight: inFlight, waiting: waiting)
        switch standing.state {
        case .well: break
        case .doubtful:
            // A new one is doubtful, too; nothing has happened yet.
            guard let last = standing.lastFailure, let since = standing.failingSince else { break }
            (snapshot.standing, snapshot.reason, snapshot.words) = (.doubtful, last.reason, "\(last)")
            snapshot.since = WallClock.milliseconds - (now - since).wholeMilliseconds
        case .down(let down):
            (snapshot.standing, snapshot.reason, snapshot.words) = (.down, down.reason.reason, "\(down.reason)")
            (snapshot.since, snapshot.nextProbe) = (down.sinceWall, max(.zero, down.nextProbe - now))
        }
        return snapshot
    }
}
