internal import FootbridgeRESP
public import FootbridgeRedis
internal import RedisStreams

/// What people have told a route to do, on all instances, until they say `resume`.
///
/// It stands in the route's groups, as a consumer that nobody reads with: it lies in the same slot, goes with the group, needs no
/// right to another key, and is there for instances that start later.
public enum Hold: String, Sendable, Equatable, CaseIterable {
    /// Nothing is read, and nothing sent.
    case paused
    /// Nothing new is read; what is pending is delivered to its end.
    case draining
}

/// The consumer that says so: `footbridge:hold:<what>:<milliseconds since 1970>`.
public struct HoldMark: Equatable, Sendable {
    public let hold: Hold
    /// Milliseconds since 1970.
    public let since: Int64

    public init(_ hold: Hold, since: Int64) {
        self.hold = hold
        self.since = since
    }

    public init?(_ name: String) {
        guard name.hasPrefix(WellKnownConsumer.holdPrefix) else { return nil }
        let parts = name.dropFirst(WellKnownConsumer.holdPrefix.count).split(separator: ":")
        guard parts.count == 2, let hold = Hold(rawValue: String(parts[0])), let since = Int64(parts[1]) else {
            return nil
        }
        self.init(hold, since: since)
    }

    public var name: String { "\(WellKnownConsumer.holdPrefix)\(hold.rawValue):\(since)" }

    /// The one that counts, of all consumers of a group.
    public static func among(_ consumers: some Sequence<String>) -> HoldMark? {
        let marks = consumers.compactMap { HoldMark($0) }
        return marks.first { $0.hold == .paused } ?? marks.first
    }
}

/// Tells all instances of a route what people want of it.
public struct RouteControl: Sendable {
    private let route: RouteConfig
    private let client: RedisClient

    public init(_ route: RouteConfig, client: RedisClient) {
        self.route = route
        self.client = client
    }

    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// No instance has run this route yet.
        case noGroup(stream: String, group: String)
        case redis(RedisError)

        public var description: String {
            switch self {
            case .noGroup(let stream, let group):
                "there is no group \(group) on stream \(stream) yet; a bridge that runs the route makes it"
            case .redis(let error): "\(error)"
            }
        }
    }

    /// - Parameter hold: `nil`: the route goes on as usual.
    public func set(_ hold: Hold?, now: Int64) async throws(Failure) {
        let mark = hold.map { HoldMark($0, since: now).name } ?? ""
        var isKept = hold == nil
        for stream in route.streams {
            do throws(RedisError) {
                _ = try await client.call(.setHold(mark, stream: stream, group: route.group))
            } catch {
                // The mark of one stream holds the whole route.
                if error.isMissing { continue }
                throw .redis(error)
            }
            isKept = true
            try await publish("hold", to: stream)
        }
        if !isKept { throw .noGroup(stream: route.streams[0], group: route.group) }
    }

    /// What stands in the groups now.
    public func hold() async throws(Failure) -> HoldMark? {
        var names: [String] = []
        for stream in route.streams {
            do throws(RedisError) {
                names += try await client.call(.consumers(of: route.group, stream: stream)).map(\.name)
            } catch {
                if error.isMissing { continue }
                throw .redis(error)
            }
        }
        return HoldMark.among(names)
    }

    /// All that waits is due now, and endpoints that are down are probed.
    public func retry() async throws(Failure) {
        // Once for the route; all its sessions listen.
        if let stream = route.streams.first { try await publish(Self.retryMessage, to: stream) }
    }

    static let retryMessage = "retry"

    private func publish(_ message: String, to stream: String) async throws(Failure) {
        do throws(RedisError) {
            let channel = StreamSession.channel(stream: stream, group: route.group)
            _ = try await client.call(
                StreamCommand<Int>(RESPCommand("PUBLISH", arguments: [channel, message])) {
                    $0.integer.map(Int.init(clamping:))
                })
        } catch {
            throw .redis(error)
        }
    }
}

extension RedisError {
    /// There is no such group, or no such stream.
    fileprivate var isMissing: Bool {
        serverError?.kind == .noGroup || serverError?.message.hasPrefix("no such key") ?? false
    }
}

extension StreamCommand where Reply == Int {
    /// Puts one mark in the place of all that there are.
    ///
    /// - Parameter mark: empty: none.
    static func setHold(_ mark: String, stream: String, group: String) -> StreamCommand {
        script(
            """
            \(ScriptFunction.make)
            for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
              if string.sub(row[2], 1, #ARGV[3]) == ARGV[3] then
                redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], row[2])
              end
            end
            if ARGV[2] == '' then return 0 end
            return make(KEYS[1], ARGV[1], ARGV[2])
            """, stream, [group, mark, WellKnownConsumer.holdPrefix]
        ) { $0.integer.map(Int.init(clamping:)) }
    }
}
