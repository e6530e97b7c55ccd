import TestSupport

/// All that a run left: both ledgers, the faults, the dead letters, and how it ended.
///
/// Of the entries' first time: what was replayed is a history of its own.
struct History {
    enum Part { case first, replays }

    let settings: Settings
    let entries: [EntryBook.Entry]
    let receipts: [Receipt]
    /// Those of replays, too.
    let allReceipts: [Receipt]
    let runs: [Run]
    let faults: [FaultRecord]
    let letters: [DeadLetter]
    /// When the first fault could come.
    let calmEnd: Moment
    let calmEntries: Int
    /// Whether nothing is pending or unread.
    let isDrained: Bool
    let exits: [ChildProcess.Exit?]
    let fallen: [String]
    /// By so many nanoseconds the wall clock, which ids go by, is ahead of the clock of moments.
    let epoch: Double

    /// Places of receipts by entry, each in the order of their arrival.
    let byEntry: [[Int32]]
    /// Places of all receipts by run.
    let byRun: [Int32: [Int32]]
    /// Numbers of entries by id, as far as anybody knows it.
    let numbers: [EntryID: Int]

    /// - Parameters:
    ///   - receipts: all that there are.
    ///   - letters: those that a FLUSHALL took along, or that were replayed, are added from its record.
    init(
        _ part: Part = .first, settings: Settings, entries: [EntryBook.Entry], receipts: [Receipt], runs: [Run],
        faults: [FaultRecord] = [],
        letters: [RedisReply], calmEnd: Moment, calmEntries: Int = 0, isDrained: Bool, exits: [ChildProcess.Exit?],
        fallen: [String] = [], epoch: Double = Moment.epoch
    ) {
        let own = receipts.filter { $0.isReplayed == (part == .replays) }
        let (entries, faults) =
            part == .first ? (entries, faults) : (Self.replayed(of: entries, faults), faults.map(\.ofReplays))
        self.settings = settings
        self.entries = entries
        self.receipts = own
        self.allReceipts = receipts
        self.runs = runs
        self.faults = faults
        self.calmEnd = calmEnd
        self.calmEntries = calmEntries
        self.isDrained = isDrained
        self.exits = exits
        self.fallen = fallen
        self.epoch = epoch
        var byEntry: [[Int32]] = Array(repeating: [], count: entries.count)
        var numbers: [EntryID: Int] = [:]
        for (number, entry) in entries.enumerated() where entry.outcome.isOwed { numbers[entry.id] = number }
        for (place, receipt) in own.enumerated() where entries.indices.contains(Int(receipt.entry)) {
            byEntry[Int(receipt.entry)].append(Int32(place))
            if numbers[receipt.id] == nil { numbers[receipt.id] = Int(receipt.entry) }
        }
        self.byEntry = byEntry
        byRun = Dictionary(grouping: receipts.indices.map { Int32($0) }) { receipts[Int($0)].run }
        self.numbers = numbers
        let replayed = part == .first ? faults.flatMap(\.replayed) : []
        let replays = Dictionary(
            faults.flatMap(\.flushedReplays).map { ($0.place, $0.entry) }, uniquingKeysWith: { $1 })
        self.letters = (faults.flatMap(\.flushedLetters) + letters + replayed).compactMap {
            let letter = DeadLetter($0, numbers: numbers, streams: settings.streams, replays: replays)
            return letter.isOfReplay == (part == .replays) ? letter : nil
        }
    }

    /// As if only what was replayed had ever been added.
    private static func replayed(of entries: [EntryBook.Entry], _ faults: [FaultRecord]) -> [EntryBook.Entry] {
        let numbers = Set(faults.flatMap(\.replayed).compactMap { $0["field.n"]?.text.flatMap { Int($0) } })
        return entries.indices.map { number in
            var entry = entries[number]
            entry.outcome = numbers.contains(number) ? entry.outcome.isOwed ? .ok : .unknown : .notSent
            return entry
        }
    }

    func isAccepted(_ entry: Int) -> Bool { byEntry[entry].contains { receipts[Int($0)].isAccepted } }

    /// The receipts of an entry, in the order of their arrival.
    func receipts(of entry: Int) -> [Receipt] { byEntry[entry].map { receipts[Int($0)] } }

    /// When an entry was added; not before the first fault if a clock was moved, for then its id does not tell.
    func added(_ id: EntryID) -> Moment {
        let moment = Moment(nanoseconds: UInt64(max(0, Double(id.milliseconds) * 1e6 - epoch)))
        return faults.contains { $0.fault.kind == .redisClock } ? min(moment, calmEnd) : moment
    }

    /// What one process sends at once.
    var inFlight: Int { Settings.concurrency * settings.workers * settings.routes }
    /// What one process holds.
    var window: Int { Settings.window * settings.workers * settings.streams }
}

extension FaultRecord {
    /// As it struck what was replayed: the streams of entries are none of its own.
    fileprivate var ofReplays: FaultRecord {
        var record = self
        (record.trimmedPending, record.trimmedUnread, record.dropped, record.reread) = ([], [], [], nil)
        record.flushed = flushedReplays.map(\.entry)
        return record
    }
}

/// An entry that the bridge gave up.
struct DeadLetter {
    let reason: String
    let status: Int?
    let attempts: Int
    let id: EntryID?
    /// As the letter and the log of whoever wrote it say: of what is left of a replay, where that stood.
    let toldID: EntryID?
    /// The entry, if it is known.
    let number: Int?
    /// Of an entry that was replayed, and given up once more.
    let isOfReplay: Bool
    /// Of the body that its fields would make; `nil` for a trimmed one, whose fields are gone.
    let digest: UInt64?

    /// - Parameter replays: which entries stood where in the streams of replays.
    init(_ fields: RedisReply, numbers: [EntryID: Int], streams: Int, replays: [Replay.Place: EntryID] = [:]) {
        reason = fields["reason"]?.text ?? ""
        status = fields["status"]?.text.flatMap { Int($0) }
        attempts = fields["attempts"]?.text.flatMap { Int($0) } ?? -1
        let name = fields["stream"]?.text ?? ""
        let stream = (0..<streams).first { Settings.stream($0) == name } ?? 0
        let text = fields["id"]?.text ?? ""
        // One whose fields are gone says of itself only where it stood.
        let origin = replays[.init(stream: name, id: text)]
        isOfReplay = fields["replays"] != nil || origin != nil
        toldID = EntryID(text, stream: stream)
        id = origin ?? toldID
        number = fields["field.n"]?.text.flatMap { Int($0) } ?? id.flatMap { numbers[$0] }
        let words = fields.elements.map { $0.text ?? "" }
        let own = stride(from: 0, to: words.count - 1, by: 2).filter { words[$0].hasPrefix("field.") }
        let members = own.map { "\"\(words[$0].dropFirst(6))\":\"\(words[$0 + 1])\"" }
        digest = own.isEmpty ? nil : chaos.digest("{\(members.joined(separator: ","))}".utf8)
    }

    var isTrimmed: Bool { reason == "trimmed" }
    var text: String { "dead (\(reason), \(attempts) attempts)" }
}
