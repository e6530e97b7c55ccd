/// How much a route keeps of its streams. Only what all groups of a stream have settled is ever removed.
public struct TrimConfig: Sendable, Equatable {
    public enum Keep: Sendable, Equatable {
        /// The newest so many.
        case entries(Int)
        /// Those that were added within this time, by the server's clock.
        case age(Duration)
    }

    public var keep: Keep

    public init(keep: Keep) { self.keep = keep }
}

extension TrimConfig.Keep: CustomStringConvertible {
    public var description: String {
        switch self {
        case .entries(let count): "\(count)"
        case .age(let age): DurationText.format(age)
        }
    }
}

extension TrimConfig {
    private static let type = "duration, 1s to 3650d, or integer, 0 to \(maximum)"
    private static let maximum = 1_000_000_000_000

    /// Reads `trim` of a route: `false`, or a map with `keep`.
    static func read(_ route: Section) -> TrimConfig? {
        route.note("trim", type: "false or map", defaultText: "false")
        let (scalar, section) = route.choice("trim", or: "false")
        var keep: Keep?
        section.note("keep", type: type, defaultText: "none")
        if let found = section.find("keep") {
            keep = section.value(at: found) { text throws(Complaint) in try self.keep(text) }
        } else if section.exists, !section.isTemplate {
            section.missing("keep", "write how long (7d), or how many (1000000)")
        }
        _ = section.optional("only", type: "settled", defaultText: "settled") { text throws(Complaint) -> Bool in
            guard text.text == "settled" else {
                throw Complaint("\(text.shown) is unknown; write settled: nothing else is ever removed")
            }
            return true
        }
        section.finish()
        if let scalar {
            _ = route.value(at: scalar) { text throws(Complaint) -> Bool in
                try text.requireFalse(or: "a map: { keep: 7d } or { keep: 1000000 }")
                return false
            }
        }
        return keep.map(TrimConfig.init)
    }

    private static func keep(_ text: ConfigText) throws(Complaint) -> Keep {
        if let last = text.text.utf8.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last) {
            return .entries(try NumberText.integer(text, 0...maximum))
        }
        do throws(Complaint) {
            return .age(try DurationText.parse(text, .seconds(1) ... .seconds(3650 * 86_400)))
        } catch {
            throw Complaint(error.message + ", or a number of entries, such as 1000000")
        }
    }
}
