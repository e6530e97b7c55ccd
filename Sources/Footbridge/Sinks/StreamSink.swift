internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import FootbridgeWebhooks
internal import RedisStreams

/// Delivers entries by appending them to another stream, each once.
///
/// On the bridge's own server one script appends and acknowledges. On another one a script appends and remembers that; what it
/// remembers of an entry is forgotten when its acknowledgement is confirmed, for then the entry cannot come again.
final class StreamSink: LaneSink {
    /// Whose entries they are.
    struct Source {
        /// By the place where an entry is pending.
        let streams: [String]
        let group: String
        let consumer: String
        let namespace: String?
        /// The mark of a stream's group, made up when the group was: it tells one from its namesake on another server.
        let mark: (_ stream: Int) -> String?
    }

    let lane: RedisLane
    private let loop: CurlLoop
    private let source: Source
    private var target: [UInt8]
    private let shaper: Shaper?
    private let isNamedByEntry: Bool
    private let memory: String
    private let fields: FieldSelection
    private let script: LoadedScript
    private let counters: RouteCounters
    private let messageIDs: [MessageID]
    /// Names that the other server need not remember any more.
    private var forgettable: [[UInt8]] = []
    private var forgetting: LoopTimer?
    private var cleanedAt: MonotonicTime?

    /// As many as one call may take along.
    private static let forgottenPerCall = 16
    /// While the other server is away.
    private static let mostForgettable = 10_000
    private static let cleanInterval = Duration.seconds(60)

    init(
        _ append: AppendConfig, from source: Source, shaper: Shaper?, lane: RedisLane, counters: RouteCounters,
        loop: CurlLoop
    ) throws {
        self.shaper = shaper
        self.lane = lane
        self.loop = loop
        self.source = source
        self.counters = counters
        target = Array(append.stream.text.utf8)
        isNamedByEntry = append.stream.template != nil
        memory = append.memory ?? ""
        fields = append.fields
        script = LoadedScript(lane.isOwn ? AppendScript.acknowledging(append) : AppendScript.remembering(append))
        messageIDs = try source.streams.map { try MessageID(stream: $0.utf8, namespace: source.namespace) }
    }

    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
        let entries = try shaper?.entries()
        let entry = entries == nil ? fields.applied(to: delivery.fields) : entries?.first ?? EntryFields([:])
        guard entries != nil || !entry.isEmpty else {
            throw UnmakeableRequest(description: "none of the fields to append")
        }
        if isNamedByEntry, let shaper {
            try shaper.writeName(to: &target)
            if lane.isOwn, target.elementsEqual(source.streams[delivery.key.stream].utf8) {
                throw UnmakeableRequest("append.stream", "is the stream that the entry came from")
            }
        }
        let target = target
        lane.begin(delivery.row) { passage, connection in
            if let entries, entries.count != 1 {
                call(for: delivery, entries, to: target, passage, on: connection)
            } else if AppendScript.fits(entry) {
                call(for: delivery, CollectionOfOne(entry), to: target, passage, on: connection)
            } else {
                add(entry, to: target, passage, on: connection)
            }
        }
        return nil
    }

    // MARK: - Scripts

    /// Appends several entries, all or none.
    private func call(
        for delivery: Delivery, _ entries: some Collection<EntryFields>, to target: [UInt8],
        _ passage: RedisLane.Passage, on connection: RedisConnection, isWhole: Bool = false
    ) {
        let strings = entries.reduce(0) { $0 + 1 + 2 * $1.count }
        let capacity = entries.reduce(256) { $0 + $1.byteCount + 48 * $1.count }
        let names = lane.isOwn ? [] : takeForgettable(Self.forgottenPerCall)
        var encoder: RESPEncoder
        if lane.isOwn {
            encoder = script.begin(
                keys: 2, arguments: 6 + strings, isWhole: isWhole, capacity: capacity, on: connection)
            encoder.argument(source.streams[delivery.place.stream])
            encoder.argument(target)
            encoder.argument(source.group)
            delivery.place.id.encode(into: &encoder)
            encoder.argument(source.consumer)
            encoder.argument(delivery.replay == nil ? "0" as StaticString : "1")
        } else {
            encoder = script.begin(
                keys: 2, arguments: 5 + names.count + strings, isWhole: isWhole, capacity: capacity + 96 * names.count,
                on: connection)
            encoder.argument(target)
            encoder.argument(memory)
            encoder.argument(name(of: delivery.place))
            encoder.argument(isTimeToClean() ? "1" as StaticString : "0")
            encoder.argument(integer: names.count)
            for name in names { encoder.argument(name) }
        }
        for entry in entries {
            encoder.argument(integer: 2 * entry.count)
            entry.withUnsafeStrings { encoder.arguments($0) }
        }
        let entries = Array(entries)
        connection.send(RESPCommand(name: "EVAL", encoded: encoder.bytes)) { [self] reply in
            switch reply {
            case .success(let value) where lane.isOwn:
                lane.finish(passage, value.integer == 1 ? .acknowledged : .undecided)
            case .success(let value):
                if value.integer == 0 { counters.appendRepeats += 1 }
                lane.finish(passage)
            case .failure(.server(let error)) where error.kind == .noScript && !isWhole && connection.isOpen:
                forgettable += names
                guard lane.isWanted(passage) else { return }
                call(for: delivery, entries, to: target, passage, on: connection, isWhole: true)
            case .failure(let error):
                forgettable += names
                lane.fail(passage, error, acknowledges: true, isNamedByEntry: isNamedByEntry)
            }
        }
    }

    /// Too many fields for a script: killed between this and the acknowledgement, it is appended twice, never lost.
    private func add(
        _ entry: EntryFields, to target: [UInt8], _ passage: RedisLane.Passage, on connection: RedisConnection
    ) {
        connection.send(.add(entry, to: target)) { [self] reply in
            switch reply {
            case .success: lane.finish(passage)
            case .failure(let error): lane.fail(passage, error, isNamedByEntry: isNamedByEntry)
            }
        }
    }

    // MARK: - What another server remembers

    /// Who an entry is: the message id, which every instance gives it, in a group that nobody else has. One that is replayed is
    /// another than before.
    private func name(of key: EntryKey) -> [UInt8] {
        var name: [UInt8] = []
        messageIDs[key.stream].append(milliseconds: key.id.milliseconds, sequence: key.id.sequence, to: &name)
        name.append(UInt8(ascii: " "))
        name.append(contentsOf: (source.mark(key.stream) ?? source.group).utf8)
        return name
    }

    private func isTimeToClean() -> Bool {
        if let cleanedAt, loop.now - cleanedAt < Self.cleanInterval { return false }
        cleanedAt = loop.now
        return true
    }

    var didSettle: ((EntryKey) -> Void)? { lane.isOwn ? nil : { [unowned self] in forget($0) } }

    /// Told with the next call, or alone if there is none.
    private func forget(_ key: EntryKey) {
        // A day clears what is not told.
        if forgettable.count < Self.mostForgettable { forgettable.append(name(of: key)) }
        forgetLater()
    }

    private func forgetLater() {
        guard forgetting == nil else { return }
        forgetting = loop.schedule(after: .seconds(1)) { [weak self] in
            guard let self else { return }
            forgetting = nil
            forgetAll()
        }
    }

    private func takeForgettable(_ count: Int) -> [[UInt8]] {
        guard !forgettable.isEmpty else { return [] }
        let taken = Array(forgettable.suffix(count))
        forgettable.removeLast(taken.count)
        return taken
    }

    private func forgetAll() {
        guard let connection = lane.openConnection else { return forgetLater() }
        while !forgettable.isEmpty {
            connection.send(RESPCommand("ZREM", arguments: [memory] + takeForgettable(1000))) { _ in }
        }
    }
}

extension FieldSelection {
    func applied(to fields: EntryFields) -> EntryFields {
        switch self {
        case .all: fields
        case .some(let picks):
            EntryFields(
                picks.flatMap { pick in
                    fields.filter { $0.name.elementsEqual(pick.field.utf8) }
                        .map { (name: Array(pick.name.utf8)[...], value: $0.value) }
                })
        }
    }
}
