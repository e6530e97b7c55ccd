/// A single value of the file, its variables replaced.
struct ConfigText {
    let text: String
    /// The value as messages may show it: as the file has it, never what a variable brought in.
    let shown: String
    /// `false`: the text may come from a variable, so a cure must not repeat it.
    let isLiteral: Bool

    /// Text of the file as messages show it: in quotes, on one line, not too long.
    static func quoted(_ text: some StringProtocol) -> String {
        var shown = "\""
        for scalar in text.unicodeScalars.prefix(60) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: shown += scalar.escaped(asASCII: true)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown + (text.unicodeScalars.count > 60 ? "…\"" : "\"")
    }

    /// A name of Redis or of a field: not empty, no control characters.
    static func name(_ text: ConfigText) throws(Complaint) -> String {
        guard !text.text.isEmpty else { throw Complaint("is empty; give it a name") }
        guard text.text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Complaint("\(text.shown) holds a control character; remove it")
        }
        return text.text
    }

    /// For keys of which only `false` and a map make sense.
    func requireFalse(or form: String) throws(Complaint) {
        guard text == "false" else { throw Complaint("\(shown) must be false, or \(form)") }
    }
}

extension Section {
    /// The text at `found`, or `nil` if there is none, which is reported.
    func text(at found: Found) -> ConfigText? {
        guard case .scalar(let raw, _) = found.node.content, !found.node.isNull else {
            let cure = found.node.isNull ? "has no value; give it one or remove the key" : "must be a single value"
            report(found.node.isNull ? cure : "is \(found.node.kind); it \(cure)", at: found)
            return nil
        }
        do {
            let text = try Expansion.expand(raw, source.environment)
            let isLiteral = !raw.contains("${")
            let shown = (isLiteral ? "" : "the value of ") + ConfigText.quoted(raw)
            return ConfigText(text: text, shown: shown, isLiteral: isLiteral)
        } catch {
            report(error.message, at: found)
            return nil
        }
    }

    /// `found` made into a value, or `nil` if it cannot be, which is reported.
    func value<Value>(at found: Found, _ convert: (ConfigText) throws(Complaint) -> Value) -> Value? {
        guard let text = text(at: found) else { return nil }
        do throws(Complaint) {
            return try convert(text)
        } catch {
            report(error.message, at: found)
            return nil
        }
    }

    /// The value of an optional key, if the file has it and it can be used.
    func optional<Value>(
        _ key: String, type: String, defaultText: String, own: Bool = false,
        _ convert: (ConfigText) throws(Complaint) -> Value
    ) -> Value? {
        note(key, type: type, defaultText: defaultText, own: own)
        guard let found = find(key, own: own) else { return nil }
        return value(at: found, convert)
    }

    /// The value of a key that must be there; `nil` if it is missing or wrong, which is reported.
    func required<Value>(
        _ key: String, type: String, example: String, _ convert: (ConfigText) throws(Complaint) -> Value
    ) -> Value? {
        note(key, type: type, defaultText: nil)
        guard let found = find(key) else {
            missing(key, "write \(key): \(example)")
            return nil
        }
        return value(at: found, convert)
    }

    /// Each of these reads a key into `value`, which holds the default before.
    func duration(_ key: String, _ value: inout Duration, _ range: ClosedRange<Duration>, defaultText: String? = nil) {
        let type = "duration, \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        let read = optional(key, type: type, defaultText: defaultText ?? DurationText.format(value)) {
            text throws(Complaint) in try DurationText.parse(text, range)
        }
        if let read { value = read }
    }

    func size(_ key: String, _ value: inout Int, _ range: ClosedRange<Int>) {
        let type = "size, \(SizeText.format(range.lowerBound)) to \(SizeText.format(range.upperBound))"
        let read = optional(key, type: type, defaultText: SizeText.format(value)) { text throws(Complaint) in
            try SizeText.parse(text, range)
        }
        if let read { value = read }
    }

    /// A list of durations; empty if there is none, or if one is wrong.
    func durations(_ key: String, _ range: ClosedRange<Duration>) -> [Duration] {
        let bounds = "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        note(key, type: "list of durations, \(bounds)", defaultText: "none")
        guard let found = find(key) else { return [] }
        guard case .sequence(let items) = found.node.content, !items.isEmpty else {
            report("must be a list of durations; write \(key): [5s, 5m, 2h]", at: found)
            return []
        }
        let durations = items.enumerated().compactMap { index, item in
            value(at: Found(node: item, keyPlace: item.place, path: "\(found.path)[\(index)]", rank: found.rank)) {
                text throws(Complaint) in try DurationText.parse(text, range)
            }
        }
        return durations.count == items.count ? durations : []
    }

    /// The items of a list; none if there is no such key, or if it is no list, which is reported.
    func list(_ key: String, type: String, example: String) -> [Found] {
        note(key, type: type, defaultText: "none")
        guard let found = find(key) else { return [] }
        guard case .sequence(let items) = found.node.content else {
            report("is \(found.node.kind); write a list: \(key): \(example)", at: found)
            return []
        }
        return items.enumerated().map { index, item in
            Found(node: item, keyPlace: item.place, path: "\(found.path)[\(index)]", rank: found.rank)
        }
    }

    func flag(_ key: String, _ value: inout Bool) {
        let read = optional(key, type: "true or false", defaultText: "\(value)") { text throws(Complaint) -> Bool in
            guard let flag = Bool(text.text) else { throw Complaint("\(text.shown) must be true or false") }
            return flag
        }
        if let read { value = read }
    }

    func integer(_ key: String, _ value: inout Int, _ range: ClosedRange<Int>, defaultText: String? = nil) {
        let type = "integer, \(range.lowerBound) to \(range.upperBound)"
        let read = optional(key, type: type, defaultText: defaultText ?? "\(value)") { text throws(Complaint) in
            try NumberText.integer(text, range)
        }
        if let read { value = read }
    }

    func number(_ key: String, _ value: inout Double, _ range: ClosedRange<Double>) {
        let type = "number, \(NumberText.format(range.lowerBound)) to \(NumberText.format(range.upperBound))"
        let read = optional(key, type: type, defaultText: NumberText.format(value)) { text throws(Complaint) in
            try NumberText.decimal(text, range)
        }
        if let read { value = read }
    }

    func string(_ key: String, _ value: inout String, _ convert: (ConfigText) throws(Complaint) -> String) {
        if let read = optional(key, type: "string", defaultText: value, convert) { value = read }
    }

    /// What a single value names that stands in place of a map; `nil` for `false`, and for what is wrong, which is reported.
    ///
    /// - Parameter cure: what may be written.
    func word<Value: RawRepresentable<String>>(at found: Found, or cure: String) -> Value? {
        let read = value(at: found) { text throws(Complaint) -> Value? in
            if text.text == "false" { return nil }
            guard let value = Value(rawValue: text.text) else {
                throw Complaint("\(text.shown) is unknown; write \(cure)")
            }
            return value
        }
        return read ?? nil
    }

    /// One of the names of an enumeration.
    func name<Value: RawRepresentable<String> & CaseIterable>(_ key: String, _ value: inout Value) {
        let names = Value.allCases.map(\.rawValue)
        let read = optional(key, type: names.joined(separator: ", "), defaultText: value.rawValue) {
            text throws(Complaint) -> Value in
            if let value = Value(rawValue: text.text) { return value }
            let near = text.isLiteral ? nearest(to: text.text, among: names) : nil
            throw Complaint(
                "\(text.shown) is unknown; "
                    + (near.map { "did you mean \($0)?" } ?? "write one of \(names.joined(separator: ", "))"))
        }
        if let read { value = read }
    }
}
