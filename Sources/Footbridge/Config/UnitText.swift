/// Durations in the file: a whole number and its unit, `250ms 10s 5m 1h 3d`.
enum DurationText {
    private static let units = [
        Unit(name: "ms", factor: 1), Unit(name: "s", factor: 1000), Unit(name: "m", factor: 60_000),
        Unit(name: "h", factor: 3_600_000), Unit(name: "d", factor: 86_400_000),
    ]

    static func parse(_ text: ConfigText, _ range: ClosedRange<Duration>) throws(Complaint) -> Duration {
        let milliseconds = try parseUnits(text, units, usual: { _ in "s" }, example: "30s")
        let value = Duration.milliseconds(milliseconds)
        guard range.contains(value) else {
            throw Complaint(
                "\(text.shown) is out of range; write \(format(range.lowerBound)) to \(format(range.upperBound))")
        }
        return value
    }

    /// In the largest unit that needs no fraction; parts of a millisecond are dropped.
    static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        switch milliseconds {
        case 0: return "0s"
        case 60_000: return "60s"  // as one says it
        default: return formatUnits(milliseconds, units)
        }
    }
}

/// Sizes in the file: a whole number and its unit, `512B 64KiB 1MiB`; `KB MB GB` are powers of ten.
enum SizeText {
    private static let binary = [
        Unit(name: "B", factor: 1), Unit(name: "KiB", factor: 1 << 10), Unit(name: "MiB", factor: 1 << 20),
        Unit(name: "GiB", factor: 1 << 30),
    ]
    private static let decimal = [
        Unit(name: "KB", factor: 1000), Unit(name: "MB", factor: 1_000_000), Unit(name: "GB", factor: 1_000_000_000),
    ]

    static func parse(_ text: ConfigText, _ range: ClosedRange<Int>) throws(Complaint) -> Int {
        let bytes = try parseUnits(text, binary + decimal, usual: { $0 < 1024 ? "KiB" : "B" }, example: "64KiB")
        guard range.contains(bytes) else {
            throw Complaint(
                "\(text.shown) is out of range; write \(format(range.lowerBound)) to \(format(range.upperBound))")
        }
        return bytes
    }

    static func format(_ bytes: Int) -> String {
        bytes == 0 ? "0B" : formatUnits(bytes, binary)
    }
}

private struct Unit {
    let name: String
    let factor: Int
}

/// - Parameter usual: the unit that this bare number most likely meant.
private func parseUnits(
    _ text: ConfigText, _ units: [Unit], usual: (Int) -> String, example: String
) throws(Complaint) -> Int {
    let digits = text.text.prefix { $0.isASCII && $0.isNumber }
    let name = text.text.dropFirst(digits.count)
    guard !digits.isEmpty else {
        throw Complaint("\(text.shown) must be a whole number and a unit, such as \(example)")
    }
    let number = Int(digits)
    let cure = if text.isLiteral, let number { "\(number)\(usual(number))" } else { "it as \(example)" }
    guard !name.isEmpty else { throw Complaint("\(text.shown) has no unit; write \(cure)") }
    guard digits.count == 1 || digits.first != "0" else {
        let plain = digits.drop { $0 == "0" }
        let meant = text.isLiteral && units.contains { $0.name == name } ? "\(plain.isEmpty ? "0" : plain)\(name)" : nil
        throw Complaint("\(text.shown) has a zero in front; write \(meant ?? "it as \(example)")")
    }
    guard let unit = units.first(where: { $0.name == name }) else {
        let bare = name.drop { $0 == " " }
        let meant = units.first { $0.name.lowercased() == bare.lowercased() }
        if let meant, text.isLiteral { throw Complaint("\(text.shown) must be written \(digits)\(meant.name)") }
        let names = units.map(\.name).joined(separator: ", ")
        throw Complaint("\(text.shown) must be a whole number and a unit (\(names)), such as \(example)")
    }
    guard let number, case (let product, false) = number.multipliedReportingOverflow(by: unit.factor)
    else { throw Complaint("\(text.shown) is too large") }
    return product
}

private func formatUnits(_ value: Int, _ units: [Unit]) -> String {
    let unit = units.last { value.isMultiple(of: $0.factor) } ?? units[0]
    return "\(value / unit.factor)\(unit.name)"
}
