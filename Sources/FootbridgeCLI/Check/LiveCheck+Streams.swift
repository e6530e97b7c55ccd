import Footbridge
import FootbridgeCurl
import FootbridgeRESP
import FootbridgeRedis
import RedisStreams

/// What is behind the keys that a route names.
extension LiveCheck {
    private enum Kind {
        case absent
        case stream([GroupInfo])
        /// A value of this type.
        case other(String)
        /// Nobody knows: the server does not say.
        case hidden(ServerError)
    }

    func look(at stream: String, route: RouteConfig) async throws(RedisError) -> [Finding] {
        var findings: [Finding] = []
        switch try await kind(of: stream) {
        case .absent:
            findings.append(
                Finding(
                    .note,
                    "stream \(stream) does not exist: the next start makes it with its group; "
                        + "a running bridge makes both again"))
        case .other(let type):
            findings.append(Finding(.error, "\(stream) is \(type), not a stream; route \(route.name) cannot read it"))
        case .hidden(let error): findings.append(Finding(.note, "stream \(stream) is not looked at: \(error)"))
        case .stream(let groups):
            let length = try? await outcome { () async throws(RedisError) in try await client.call(.length(of: stream))
            }.get()
            let size = length.map { Self.counted($0, "entry", "entries") } ?? "exists; XLEN is not allowed"
            findings.append(Finding(.ok, "stream \(stream): \(size)"))
            findings += try await times(of: stream, route)
            guard let group = groups.first(where: { $0.name == route.group }) else {
                findings.append(Self.missingGroup(route, on: stream, length: length))
                break
            }
            findings += try await look(at: group, of: stream, route)
        }
        return findings + (try await deadLetters(of: stream, route))
    }

    /// What will be done about it, and which entries are left out.
    ///
    /// - Parameter length: of the stream; `nil` if that may not be asked.
    static func missingGroup(_ route: RouteConfig, on stream: String, length: Int?) -> Finding {
        let start =
            switch route.start {
            case .new: "for entries that are added from then on (start: new)"
            case .beginning: "for all entries that are there (start: beginning)"
            case .id(let id): "for entries after \(id) (start)"
            case .time(let milliseconds): "for entries from the millisecond \(milliseconds) on (start)"
            }
        var text = "group \(route.group) does not exist on \(stream): the next start makes it \(start)"
        let leftOut = route.start == .new ? length ?? 0 : 0
        if leftOut > 0 { text += ", without the \(counted(leftOut, "entry", "entries")) there" }
        return Finding(leftOut > 0 ? .warn : .note, text + "; a running bridge makes it again where it stood")
    }

    private func look(at group: GroupInfo, of stream: String, _ route: RouteConfig) async throws(RedisError)
        -> [Finding]
    {
        let lag = group.lag.map(String.init) ?? "unknown"
        let consumers = try await outcome { () async throws(RedisError) in
            try await client.call(.consumers(of: group.name, stream: stream))
        }
        let readers = (try? consumers.get())?.filter { !WellKnownConsumer.isMark($0.name) } ?? []
        let others = readers.count { $0.name != WellKnownConsumer.released }
        let text = "group \(group.name) on \(stream): \(lag) unread, \(group.pendingCount) pending"
        var findings = [Finding(.ok, "\(text), \(Self.counted(others, "consumer", "consumers"))")]
        for consumer in readers where consumer.pendingCount > 0 && consumer.idle >= route.claimAfter {
            let held = "\(Self.counted(consumer.pendingCount, "entry", "entries")) of \(stream)"
            let cure =
                route.takeOver == .all || WellKnownConsumer.isOwn(consumer.name)
                ? "a running bridge takes them over"
                : "it belongs to another program: set `take_over: all` to take them over"
            findings.append(Finding(.warn, "consumer \(consumer.name) is silent and holds \(held); \(cure)"))
        }
        return findings
    }

    /// Ages are read from ids, and some producers make up their own.
    private func times(of stream: String, _ route: RouteConfig) async throws(RedisError) -> [Finding] {
        let info = try await outcome { () async throws(RedisError) in try await client.call(.info(stream)) }
        guard let last = (try? info.get())?.lastID, last != .zero, !last.looksLikeTime else {
            return []
        }
        let isNeeded = route.retry.maximumAge != nil
        return [
            Finding(
                isNeeded ? .warn : .note,
                "ids of \(stream), such as \(last), are not times: its age is unknown to status and metrics"
                    + (isNeeded ? ", and max_age counts from the first attempt" : ""))
        ]
    }

    private func deadLetters(of stream: String, _ route: RouteConfig) async throws(RedisError) -> [Finding] {
        guard let dead = route.deadLetterStream(of: stream) else {
            return [Finding(.warn, "route \(route.name) drops what cannot be delivered: dead_letter is off")]
        }
        switch try await kind(of: dead) {
        case .absent: return []
        case .other(let type):
            return [Finding(.error, "\(dead) is \(type), not a stream; dead letters cannot be written")]
        case .hidden(let error): return [Finding(.note, "stream \(dead) is not looked at: \(error)")]
        case .stream:
            let count = try await outcome { () async throws(RedisError) in try await client.call(.length(of: dead)) }
            guard let count = try? count.get(), count > 0 else { return [] }
            return [Finding(.note, "\(dead): \(Self.counted(count, "dead letter", "dead letters"))")]
        }
    }

    /// Asked by a command that the bridge needs anyway.
    private func kind(of key: String) async throws(RedisError) -> Kind {
        switch try await outcome({ () async throws(RedisError) in try await client.call(.groups(of: key)) }) {
        case .success(let groups): return .stream(groups)
        case .failure(let error) where error.kind == .wrongType:
            let type = try? await ask(["TYPE", key]).get().text
            return .other(type.map { "a \($0)" } ?? "something else")
        case .failure(let error) where error.message.hasPrefix("no such key"): return .absent
        case .failure(let error): return .hidden(error)
        }
    }

    private static func counted(_ count: Int, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }
}
