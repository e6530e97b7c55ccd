internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// Shows that this consumer lives, and takes over the entries of those that do not.
///
/// A consumer is dead when it has been silent for `claim_after`. Its entries are moved by a script that looks at the
/// silence once more and keeps attempt counts and delivery times, so that several survivors never get the same entry and
/// each entry is due when it would have been.
extension RouteRunner {
    /// Begins the rounds: a quarter of `claim_after` apart, sooner when a silent consumer is about to count as dead.
    func startRounds() {
        scheduleRound(after: .zero)
    }

    private var interval: Duration { config.claimAfter / 4 }

    private func scheduleRound(after delay: Duration) {
        roundTimer = worker.loop.schedule(after: delay) { [unowned self] in
            scheduleRound(after: interval)
            guard !isDraining, let connection = worker.commands.connection else { return }
            for stream in readers.indices { visit(stream, on: connection) }
        }
    }

    private func visit(_ stream: Int, on connection: RedisConnection) {
        let name = config.streams[stream]
        connection.send(.heartbeat(stream: name, group: config.group, consumer: worker.consumer)) { _ in }
        guard !readers[stream].isPreparing else { return }
        connection.send(.consumers(of: config.group, stream: name)) { [unowned self] result in
            guard case .success(let consumers) = result else { return }
            look(at: consumers, stream: stream, on: connection)
        }
    }

    private func look(at consumers: [ConsumerInfo], stream: Int, on connection: RedisConnection) {
        var soonest = interval
        for consumer in consumers where consumer.pendingCount > 0 {
            if consumer.name == worker.consumer {
                if consumer.pendingCount > busyIDs(of: stream).count + parked.count {
                    resumeForgotten(stream, on: connection)
                }
            } else if consumer.idle >= config.claimAfter {
                takeOver(consumer.name, stream: stream, on: connection)
            } else {
                soonest = min(soonest, config.claimAfter - consumer.idle + .milliseconds(20))
            }
        }
        guard soonest < interval, earlyVisits.insert(stream).inserted else { return }
        worker.loop.schedule(after: soonest) { [weak self] in
            guard let self else { return }
            earlyVisits.remove(stream)
            guard !isDraining, let connection = worker.commands.connection else { return }
            visit(stream, on: connection)
        }
    }

    private func takeOver(_ consumer: String, stream: Int, on connection: RedisConnection) {
        guard !isDraining, parked.count < Self.maximumParked else { return }
        let command: RESPCommand = [
            "EVAL", Self.script, 1, config.streams[stream], config.group, consumer, worker.consumer, Self.portion,
            config.claimAfter.wholeMilliseconds,
        ]
        connection.send(command) { [unowned self] reply in
            switch reply {
            case .success(let value):
                guard let parts = value.elements, parts.count == 2, let rows = parts[1].elements else { return }
                let looked = parts[0].integer ?? 0
                for row in rows {
                    guard let parts = row.elements, parts.count == 3,
                        let id = parts[0].bytes.flatMap(EntryID.init(bytes:)),
                        let idle = parts[1].integer, let count = parts[2].integer
                    else { continue }
                    adopt(id, deliveryCount: Int(clamping: count), idle: .milliseconds(idle), stream: stream)
                }
                guard looked > 0 else { return }
                counters.takenOver += rows.count
                logger.notice(
                    "took over entries of a silent consumer",
                    metadata: [
                        LogKeys.stream: "\(config.streams[stream])", LogKeys.consumer: "\(consumer)",
                        LogKeys.count: "\(rows.count)", LogKeys.trimmed: "\(Int(looked) - rows.count)",
                    ])
                worker.loop.atEndOfTurn(self)
                takeOver(consumer, stream: stream, on: connection)
            case .failure(let error):
                guard !error.endsConnection else { return }
                logger.error("cannot take over entries", metadata: [LogKeys.error: "\(error)"])
            }
        }
    }

    /// One portion takes well under a millisecond of the server.
    private static let portion = 100

    /// KEYS: the stream. ARGV: group, dead consumer, new owner, how many, silence in ms.
    /// Returns how many were looked at and `[[id, idle ms, deliveries], …]` of what was moved. Entries that are no longer in the stream lose their
    /// place among the pending by the XCLAIM (7.0 and later) and are not returned.
    private static let script = """
        for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
          local info = {}
          for i = 1, #row, 2 do info[row[i]] = row[i + 1] end
          if info.name == ARGV[2] and info.idle < tonumber(ARGV[5]) then return {0, {}} end
        end
        local moved = {}
        local rows = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[4], ARGV[2])
        for _, row in ipairs(rows) do
          local got = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, row[1],
            'IDLE', row[3], 'RETRYCOUNT', row[4], 'JUSTID')
          if #got == 1 then moved[#moved + 1] = {row[1], row[3], row[4]} end
        end
        return {#rows, moved}
        """
}
