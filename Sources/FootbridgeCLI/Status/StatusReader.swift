import Footbridge
import FootbridgeCurl
import FootbridgeRESP
import FootbridgeRedis
import RedisStreams

/// Asks Redis for what `footbridge status` shows. Reads only, and touches neither idle times nor attempt counts.
struct StatusReader {
    let config: BridgeConfig
    let client: RedisClient
    /// What instances have just said themselves; it comes before what they left in Redis.
    let asked: [InstanceReport]

    /// - Throws: when the connection is lost. What is wrong with a stream is in the report.
    func report() async throws(RedisError) -> StatusReport {
        var routes: [StatusReport.Route] = []
        var names: [[String]] = []
        for route in config.routes {
            var streams: [StatusReport.Stream] = []
            var consumers: [String] = []
            for stream in route.streams {
                let (status, found) = try await read(stream, route)
                streams.append(status)
                consumers += found
            }
            names.append(consumers)
            routes.append(
                StatusReport.Route(
                    route: route.name, group: route.group, claimAfterSeconds: route.claimAfter / .seconds(1),
                    streams: streams))
        }
        let reports = try await instances(Set(names.joined()))
        for index in routes.indices { routes[index].add(HoldMark.among(names[index]), reports) }
        return StatusReport(routes: routes)
    }

    /// What instances say of themselves; a consumer's name tells whose it is.
    private func instances(_ consumers: Set<String>) async throws(RedisError) -> [InstanceReport] {
        let workers = consumers.filter { !WellKnownConsumer.isMark($0) && WellKnownConsumer.isOwn($0) }
        let names = Set(workers.compactMap { name in name.lastIndex(of: ".").map { String(name[..<$0]) } })
        var reports = asked
        let rest = names.union([config.instance]).subtracting(asked.map(\.instance))
        for name in rest.sorted() {
            do throws(RedisError) {
                let reply = try await client.call(RESPCommand("GET", arguments: [Reporter.key(of: name)]))
                guard let bytes = reply.bytes, let report = try? InstanceReport(json: bytes)
                else { continue }
                reports.append(report)
            } catch {
                // A user who may not read these keys sees what Redis knows of the groups.
                if error.endsConnection { throw error }
            }
        }
        return reports.sorted { $0.instance < $1.instance }
    }

    /// - Returns: what is known of a stream, and the names of all consumers of its group.
    private func read(
        _ stream: String, _ route: RouteConfig
    ) async throws(RedisError) -> (StatusReport.Stream, consumers: [String]) {
        var status = StatusReport.Stream(stream: stream)
        status.length = try await ask(.length(of: stream), &status)
        let consumers = status.error == nil ? try await readGroup(stream, route, &status) : []
        let replay = route.replayStream(of: stream)
        let replaying = try await ask(.length(of: replay), &status, of: "replays \(replay): ") ?? 0
        if replaying > 0 { status.replaying = replaying }
        if let dead = route.deadLetterStream(of: stream) {
            status.deadLetterStream = dead
            status.deadLetters = try await ask(.length(of: dead), &status, of: "dead letters \(dead): ")
        }
        if let former = route.deadLetter.formerName(for: stream) {
            let count = try await ask(.length(of: former), &status, of: "dead letters \(former): ") ?? 0
            if count > 0 { (status.formerDeadLetterStream, status.formerDeadLetters) = (former, count) }
        }
        return (status, consumers)
    }

    private func readGroup(
        _ stream: String, _ route: RouteConfig, _ status: inout StatusReport.Stream
    ) async throws(RedisError) -> [String] {
        guard let groups = try await ask(.groups(of: stream), &status),
            let group = groups.first(where: { $0.name == route.group })
        else { return [] }
        (status.unread, status.pending) = (group.lag, group.pendingCount)
        let oldest = try await ask(.pending(stream: stream, group: route.group, count: 1), &status)?.first
        status.oldestPendingSeconds = oldest?.id.age(now: WallClock.milliseconds).map { $0 / .seconds(1) }
        let consumers = try await ask(.consumers(of: route.group, stream: stream), &status) ?? []
        status.handedOver = consumers.first { $0.name == WellKnownConsumer.released }?.pendingCount ?? 0
        status.consumers = consumers.filter {
            $0.name != WellKnownConsumer.released && !WellKnownConsumer.isMark($0.name)
        }.map { consumer in
            StatusReport.Consumer(
                name: consumer.name, pending: consumer.pendingCount, idleSeconds: consumer.idle / .seconds(1),
                alive: consumer.idle < route.claimAfter)
        }
        return consumers.map(\.name)
    }

    /// The reply; `nil` if there is no such stream or group yet, or the user may not ask. Other errors are noted, the first
    /// one of a stream.
    private func ask<Reply>(
        _ command: StreamCommand<Reply>, _ status: inout StatusReport.Stream, of what: String = ""
    ) async throws(RedisError) -> Reply? {
        do throws(RedisError) {
            return try await client.call(command)
        } catch {
            if error.endsConnection { throw error }
            let server = error.serverError
            // A bridge needs no XLEN: a user who may not ask for a length is in order.
            let isExpected =
                server?.kind == .noGroup || server?.message == "no such key"
                || (server?.code == "NOPERM" && command.command.name == "XLEN")
            if !isExpected && status.error == nil { status.error = "\(what)\(error)" }
            return nil
        }
    }
}
