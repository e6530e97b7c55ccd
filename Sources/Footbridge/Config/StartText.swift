import RedisStreams

/// `start` in the file: `new`, `beginning`, an entry id, or a time.
enum StartText {
    static func parse(_ text: ConfigText) throws(Complaint) -> GroupStart {
        switch text.text {
        case "new": return .new
        case "beginning": return .beginning
        case "$": throw Complaint("\(text.shown) is written new")
        case "0": throw Complaint("\(text.shown) is written beginning")
        default: break
        }
        let halves = text.text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isNumber = halves.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
        if isNumber && halves.count == 1 {
            throw Complaint("\(text.shown) may be an id or a time; write an id as 1700000000000-0")
        }
        // `2024-01` looks like an id as well, but ids have no leading zeros.
        if isNumber && halves.count == 2 && halves.allSatisfy({ $0.count == 1 || $0.first != UInt8(ascii: "0") }) {
            guard let id = EntryID(text.text) else { throw Complaint("\(text.shown) is too large for an entry id") }
            return .id(id)
        }
        guard halves.count == 3 || text.text.contains(":") else {
            throw Complaint(
                "\(text.shown) is no start; write new, beginning, an id (1700000000000-0), "
                    + "or a time (2024-01-31T10:00:00Z)")
        }
        return .time(milliseconds: try ISO8601.milliseconds(text))
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
