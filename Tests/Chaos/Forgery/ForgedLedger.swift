import TestSupport

/// A ledger made by hand, of sixty entries, one a second, that three bridges carried to three receivers without a fault.
///
/// All checks hold for it. What is changed then is what a check has to find.
struct ForgedLedger {
    var settings: Settings
    var entries: [EntryBook.Entry]
    var receipts: [Receipt] = []
    var runs: [Run]
    var faults: [FaultRecord] = []
    var letters: [RedisReply] = []
    var isDrained = true
    var exits: [ChildProcess.Exit?] = Array(repeating: .status(0), count: Settings.bridges)
    var fallen: [String] = []
    /// Changes what the bridges say of themselves, when all else is done.
    var misreport: (inout [Run]) -> Void = { _ in }

    static let count = 60
    static let calm = 10
    static let keys = 6

    init() {
        settings = Settings(seed: 7, binary: "", entries: Self.count, calmEntries: Self.calm, rate: 1)
        settings.kinds = []
        settings.keys = Self.keys
        entries = (0..<Self.count).map { number in
            EntryBook.Entry(
                outcome: .ok, id: Self.id(number),
                digest: digest(Payload(seed: 7, number: number, keys: Self.keys).body))
        }
        runs = (0..<Settings.bridges).map { Run(bridge: $0, startedAt: Self.time(0)) }
        for number in 0..<Self.count { receive(number, at: Self.second(number) + 0.01) }
    }

    /// Seconds from the beginning.
    static func time(_ seconds: Double) -> Moment { Moment(nanoseconds: 1_000_000_000_000) + seconds }

    /// When an entry was added.
    static func second(_ number: Int) -> Double { Double(number) }
    static func id(_ number: Int) -> EntryID {
        EntryID(milliseconds: time(second(number)).nanoseconds / 1_000_000, sequence: 0)
    }

    /// A request; by itself in good order, by the bridge whose turn it is, on a connection that was used before.
    mutating func receive(
        _ number: Int, at seconds: Double, attempt: Int = 1, _ answer: Answer = .ok, after delay: Double = 0.001,
        run: Int? = nil, connection: Int? = nil, earlier: Int = 1, isReplayed: Bool = false
    ) {
        let run = run ?? number % Settings.bridges
        let received = Self.time(seconds)
        var receipt = Receipt(
            entry: Int32(number), receiver: UInt8(run % Settings.bridges), connection: Int32(connection ?? run),
            earlier: Int32(earlier), run: Int32(run), attempt: Int32(attempt), answer: answer, isSigned: true,
            timestamp: UInt32(seconds), id: Self.id(number), digest: entries[number].digest, received: received,
            isReplayed: isReplayed, second: UInt32(seconds))
        if answer != .hang { receipt.answered = received + delay }
        if answer != .hang, answer != .reset { receipt.sent = received + delay }
        receipts.append(receipt)
    }

    /// Forgets all requests of an entry.
    mutating func forget(_ number: Int) { receipts.removeAll { $0.entry == number } }

    /// A dead letter as the bridge writes it.
    mutating func bury(_ number: Int, _ reason: String, status: Int? = nil, attempts: Int, replays: Int = 0) {
        letters.append(letter(number, reason, status: status, attempts: attempts, replays: replays))
    }

    /// An entry is refused twice, buried, and replayed a while later.
    mutating func replay(_ number: Int, at second: Double) {
        forget(number)
        refuse(number, at: Self.second(number) + 0.01)
        let letter = letter(number, "rejected: http_422", status: 422, attempts: 2, replays: 0)
        strike(.replay, at: second) { $0.replayed = [letter] }
    }

    /// Twice, the second time over a fresh connection.
    mutating func refuse(_ number: Int, at second: Double, isReplayed: Bool = false) {
        receive(number, at: second, .status422, isReplayed: isReplayed)
        receive(
            number, at: second + 0.01, attempt: 2, .status422, connection: 1000 + number, earlier: 0,
            isReplayed: isReplayed)
    }

    private func letter(_ number: Int, _ reason: String, status: Int?, attempts: Int, replays: Int) -> RedisReply {
        var words = ["reason", reason]
        if let status { words += ["status", "\(status)"] }
        words += ["attempts", "\(attempts)", "stream", "chaos", "id", Self.id(number).text]
        if replays > 0 { words += ["replays", "\(replays)"] }
        for field in Payload(seed: settings.seed, number: number, keys: settings.keys).fields {
            words += ["field.\(field.name)", field.value]
        }
        return .array(words.map { .bulk(Array($0.utf8)) })
    }

    /// A fault that lasts from one second to another.
    mutating func strike(
        _ kind: Fault.Kind, at start: Double, until end: Double? = nil, run: Int = 0,
        _ change: (inout FaultRecord) -> Void = { _ in }
    ) {
        var record = FaultRecord(
            Fault(kind: kind, target: run % Settings.bridges, gap: 0, force: 0, seed: 0), runs: [run],
            at: Self.time(start))
        record.end = Self.time(end ?? start)
        record.second = UInt32(start)
        change(&record)
        faults.append(record)
    }

    /// A process that was killed, and the one that took its place.
    mutating func kill(_ run: Int, at second: Double) {
        strike(.crash, at: second, run: run)
        runs[run].endedAt = Self.time(second)
        runs.append(Run(bridge: runs[run].bridge, startedAt: Self.time(second)))
    }

    /// All checks of it.
    func checks() -> [Check] { history(.first).checks(history(.replays)) }

    private func history(_ part: History.Part) -> History {
        let sorted = receipts.sorted { $0.received < $1.received }
        var runs = runs
        // Run 0 has buried all, also what was replayed since.
        let dead = letters.count + faults.flatMap(\.replayed).count
        for number in runs.indices where runs[number].endedAt == nil {
            let accepted = sorted.filter { Int($0.run) == number && $0.isAccepted }
            let retried = sorted.filter { Int($0.run) == number && !$0.isAccepted }.count - (number == 0 ? dead : 0)
            let calm = accepted.count { $0.entry < Self.calm }
            runs[number].calmFigures = Self.figures(read: calm, delivered: calm)
            runs[number].base = Footprint(residentKiB: 20_000, descriptors: 20)
            runs[number].end = Footprint(residentKiB: 20_000, descriptors: 20)
            runs[number].endFigures = Self.figures(
                read: accepted.count, delivered: accepted.count, retried: max(0, retried), dead: number == 0 ? dead : 0)
            runs[number].lastWords = LastWords(
                delivered: accepted.count, retried: max(0, retried), dead: number == 0 ? dead : 0)
        }
        misreport(&runs)
        return History(
            part, settings: settings, entries: entries, receipts: sorted, runs: runs, faults: faults, letters: letters,
            calmEnd: Self.time(Self.second(Self.calm) - 0.5), calmEntries: Self.calm, isDrained: isDrained,
            exits: exits,
            fallen: fallen, epoch: 0)
    }

    private static func figures(read: Int, delivered: Int, retried: Int = 0, dead: Int = 0) -> Figures {
        var values = [
            "entries_read_total": read, "entries_delivered_total": delivered,
            "delivery_duration_seconds_count": delivered, "attempts_retried_total": retried,
            "entries_dead_lettered_total": dead, "redis_up": 1,
        ]
        for name in [
            "entries_taken_over_total", "entries_resumed_total", "entries_lost_ownership_total",
            "entries_trimmed_total",
            "entries_trimmed_unread_total", "acknowledgements_without_effect_total", "redis_reconnects_total",
            "requests_in_flight", "entries_queued", "entries_parked", "stream_pending_entries",
        ] { values[name] = 0 }
        return Figures(Dictionary(uniqueKeysWithValues: values.map { ("footbridge_\($0)", Double($1)) }))
    }
}
