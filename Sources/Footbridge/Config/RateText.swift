/// Rates in the file: how many per second, minute, hour or day, `100/s 6000/m 1/h`.
enum RateText {
    private static let units: [(name: String, seconds: Double)] = [
        ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400),
    ]
    private static let range = 1...1_000_000

    static func parse(_ text: ConfigText) throws(Complaint) -> Double {
        let parts = text.text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let unit = units.first(where: { $0.name == parts[1] }) else {
            let cure = Int(text.text).map { text.isLiteral ? "\($0)/s" : "100/s" } ?? "100/s, 6000/m, 1000/h or 5000/d"
            throw Complaint("\(text.shown) is no rate; write \(cure)")
        }
        guard let count = Int(parts[0]), range.contains(count) else {
            throw Complaint("\(text.shown) is no rate; its number is a whole one, 1 to 1000000")
        }
        return Double(count) / unit.seconds
    }

    /// In the first unit of which it is a whole number.
    static func format(_ perSecond: Double) -> String {
        for unit in units {
            let count = (perSecond * unit.seconds).rounded()
            if count >= 1, abs(count - perSecond * unit.seconds) < 1e-6 * count { return "\(Int(count))/\(unit.name)" }
        }
        return "\(perSecond)/s"
    }
}

extension RateLimit {
    /// Reads `rate` of a route: `100/s`, or a map with `limit`, `burst` and `scope`.
    static func read(_ route: Section) -> RateLimit? {
        route.note("rate", type: "rate or map", defaultText: "none")
        let (scalar, section) = route.choice("rate", or: "100/s")
        let type = "rate"
        var limit: Double?
        if section.exists {
            limit = section.required("limit", type: type, example: "100/s", RateText.parse)
        } else {
            section.note("limit", type: type, defaultText: nil)
        }
        let burst = section.optional(
            "burst", type: "integer, 1 to 1000000", defaultText: "those of 20 ms, at least 1"
        ) { text throws(Complaint) in try NumberText.integer(text, 1...1_000_000) }
        var scope = RateLimit.Scope.instance
        section.name("scope", &scope)
        section.finish()
        if let scalar { limit = route.value(at: scalar, RateText.parse) }
        return limit.map { RateLimit(perSecond: $0, burst: burst, scope: scope) }
    }
}
