import TestSupport

/// All that a run left: both ledgers, the faults, the dead letters, and how it ended.
struct History {
    let seed: UInt64
    let entries: [EntryBook.Entry]
    let receipts: [Receipt]
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

    /// Places of receipts by entry, each in the order of their arrival.
    let byEntry: [[Int32]]
    /// Numbers of entries by id, as far as anybody knows it.
    let numbers: [EntryID: Int]

    init(
        seed: UInt64, entries: [EntryBook.Entry], receipts: [Receipt], runs: [Run], faults: [FaultRecord],
        letters: [RedisReply], calmEnd: Moment, calmEntries: Int, isDrained: Bool, exits: [ChildProcess.Exit?],
        fallen: [String]
    ) {
        self.seed = seed
        self.entries = entries
        self.receipts = receipts
        self.runs = runs
        self.faults = faults
        self.calmEnd = calmEnd
        self.calmEntries = calmEntries
        self.isDrained = isDrained
        self.exits = exits
        self.fallen = fallen
        var byEntry: [[Int32]] = Array(repeating: [], count: entries.count)
        var numbers: [EntryID: Int] = [:]
        for (number, entry) in entries.enumerated() where entry.outcome == .ok { numbers[entry.id] = number }
        for (place, receipt) in receipts.enumerated() where entries.indices.contains(Int(receipt.entry)) {
            byEntry[Int(receipt.entry)].append(Int32(place))
            if numbers[receipt.id] == nil { numbers[receipt.id] = Int(receipt.entry) }
        }
        self.byEntry = byEntry
        self.numbers = numbers
        self.letters = letters.map { DeadLetter($0, numbers: numbers) }
    }

    func isAccepted(_ entry: Int) -> Bool { byEntry[entry].contains { receipts[Int($0)].isAccepted } }
}

/// An entry that the bridge gave up.
struct DeadLetter {
    let reason: String
    let attempts: Int
    let id: EntryID?
    /// The entry, if it is known.
    let number: Int?
    /// Of the body that its fields would make; `nil` for a trimmed one, whose fields are gone.
    let digest: UInt64?

    init(_ fields: RedisReply, numbers: [EntryID: Int]) {
        reason = fields["reason"]?.text ?? ""
        attempts = fields["attempts"]?.text.flatMap { Int($0) } ?? -1
        id = fields["id"]?.text.flatMap { EntryID($0) }
        number = fields["field.n"]?.text.flatMap { Int($0) } ?? id.flatMap { numbers[$0] }
        let words = fields.elements.map { $0.text ?? "" }
        let own = stride(from: 0, to: words.count - 1, by: 2).filter { words[$0].hasPrefix("field.") }
        let members = own.map { "\"\(words[$0].dropFirst(6))\":\"\(words[$0 + 1])\"" }
        digest = own.isEmpty ? nil : chaos.digest("{\(members.joined(separator: ","))}".utf8)
    }

    var isTrimmed: Bool { reason == "trimmed" }
}
