internal import FootbridgeJQ
internal import FootbridgeWebhooks
internal import RedisStreams

/// What entries have in common whose order is kept: the key that a route's program gives.
final class OrderKey {
    private enum Source {
        /// A program that only names a field: it is read without jq.
        case field([UInt8])
        case program(JQMachine, JQMachine.Program)
    }

    private let source: Source
    private var input: EntryInput
    private var text: [UInt8] = []

    /// That often a program is run that ran out of time: the machine may have been slow.
    private static let tries = 3

    /// - Throws: what `check` would have told.
    init(_ program: String, of route: RouteConfig) throws {
        input = EntryInput(of: route)
        if let field = Self.field(of: program) {
            source = .field(Array(field.utf8))
        } else {
            let machine = try JQMachine()
            source = .program(machine, try machine.compile(program))
        }
    }

    /// The field that a program of the form `.fields.name` names.
    static func field(of text: String) -> String? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, words[0].hasPrefix(".fields.") else { return nil }
        let name = words[0].dropFirst(".fields.".count)
        let isName = name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isLetter($0) || isDigit($0) }
        guard isName, let first = name.utf8.first, !isDigit(first) else { return nil }
        return String(name)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// A number that is the same for entries of the same stream and key, in this process; `nil` if the entry has no key.
    ///
    /// - Throws: why the program gives none.
    func lane(of key: EntryKey, _ fields: EntryFields) throws(UnmakeableRequest) -> UInt64? {
        var hasher = Hasher()
        hasher.combine(key.stream)
        switch source {
        case .field(let name):
            let isFound = fields.withUnsafeFields { pairs in
                var isFound = false
                for pair in pairs where !pair.value.isEmpty && pair.name.elementsEqual(name) {
                    hasher.combine(bytes: pair.value)
                    isFound = true
                }
                return isFound
            }
            guard isFound else { return nil }
        case .program(let machine, let program):
            try run(program, on: machine, key, fields)
            guard text != Self.null, text != Self.empty else { return nil }
            text.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    private static let null = Array("null".utf8)
    private static let empty = Array("\"\"".utf8)

    /// For people: as JSON, `null` if the entry has none.
    func shown(of key: EntryKey, _ fields: EntryFields) throws(UnmakeableRequest) -> String {
        switch source {
        case .field(let name):
            let values = fields.withUnsafeFields { pairs in
                pairs.filter { $0.name.elementsEqual(name) }.map { String(decoding: $0.value, as: UTF8.self) }
            }
            return values.isEmpty ? "null" : values.joined(separator: ", ")
        case .program(let machine, let program):
            try run(program, on: machine, key, fields)
            return String(decoding: text, as: UTF8.self)
        }
    }

    private func run(
        _ program: JQMachine.Program, on machine: JQMachine, _ key: EntryKey, _ fields: EntryFields
    ) throws(UnmakeableRequest) {
        for number in 1...Self.tries {
            text.removeAll(keepingCapacity: true)
            try input.begin(machine, key, fields, attempt: 1)
            defer { machine.end() }
            do throws(JQFailure) {
                return try machine.write(program, to: &text)
            } catch {
                if error == .outOfTime, number < Self.tries { continue }
                // What has no key now must not be sent without one later.
                throw UnmakeableRequest("key", error.description)
            }
        }
    }
}
