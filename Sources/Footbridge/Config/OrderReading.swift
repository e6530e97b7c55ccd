extension RouteConfig {
    /// Reads `ordering`, `key` and `on_dead`.
    mutating func readOrder(_ section: Section) {
        let names = ["none", "key", "strict"]
        let name = section.optional("ordering", type: names.joined(separator: ", "), defaultText: "none") {
            text throws(Complaint) -> String in
            if names.contains(text.text) { return text.text }
            let near = text.isLiteral ? nearest(to: text.text, among: names) : nil
            throw Complaint(
                "\(text.shown) is unknown; "
                    + (near.map { "did you mean \($0)?" } ?? "write one of \(names.joined(separator: ", "))"))
        }
        let key = section.program("key")
        section.name("on_dead", &onDead)
        switch name {
        case "strict": ordering = .strict
        case "key":
            if let key {
                ordering = .key(program: key)
            } else if !section.isTemplate, section.find("key") == nil, let found = section.find("ordering") {
                section.report("needs a key; write key: .fields.NAME beside it", at: found)
            }
        default: break
        }
        guard !section.isTemplate else { return }
        if key != nil, name != "key", let found = section.find("key", own: true) {
            section.report("has no meaning without ordering: key; write that, or remove it", at: found, onKey: true)
        }
        if name == nil || name == "none", let found = section.find("on_dead", own: true) {
            section.report(
                "has no meaning without an order; write ordering: key or strict, or remove it", at: found, onKey: true)
        }
    }

    /// A key that is the same for all entries, or another for each, is a slip.
    private func checkKey(_ program: String, _ section: Section) {
        let first = program.trimmingPrefix(while: \.isWhitespace).dropFirst().prefix { $0.isLetter || $0 == "_" }
        guard program.trimmingPrefix(while: \.isWhitespace).first == "." else { return }
        let known = ["id", "stream", "timestamp", "attempt", "fields", "data"]
        if first == "data", dataField == nil {
            section.advise(
                ".data is null for every entry, so none has an order; write data_field: NAME beside it", key: "key")
        } else if ["id", "timestamp"].contains(first) {
            section.advise(".\(first) is another for each entry, so nothing is kept in order", key: "key")
        } else if !first.isEmpty, !known.contains(String(first)) {
            let near = nearest(to: String(first), among: known).map { "did you mean .\($0)?" }
            section.advise(
                ".\(first) is null for every entry, so none has an order; "
                    + (near ?? "a program sees \(known.map { ".\($0)" }.joined(separator: ", "))"), key: "key")
        }
    }

    /// What an order means for giving up.
    func checkOrder(_ section: Section, _ retrySection: Section) {
        guard !section.isTemplate, isOrdered else { return }
        if let key = ordering.program { checkKey(key, section) }
        if ordering == .strict, webhook?.batch != nil, webhook?.acceptFailed != nil {
            section.advise(
                "with accept.failed a batch has one entry of each key at most, and a stream is one key under strict order; "
                    + "remove batch, or accept.failed", key: "ordering")
        }
        if onDead == .hold, retry.maximumAge != nil {
            section.contradiction(
                "with on_dead: hold no entry is given up, and retry.max_age would end it; remove one of the two",
                among: section.find("on_dead"), retrySection.find("max_age"))
        }
        if ordering == .strict, onDead == .continue, retry.giveUp == .whenOthersPass {
            section.advise(
                "under strict order nothing passes an entry that is refused, so nothing shows that the endpoint takes others, "
                    + "and the stream waits until it takes this one; write on_dead: hold if that is meant, or "
                    + "retry: { give_up: always } to give entries up by their schedule", key: "ordering")
        }
    }
}
