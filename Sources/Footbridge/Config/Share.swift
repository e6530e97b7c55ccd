/// A part of many: so many of a hundred.
public struct Share: Sendable, Equatable, CustomStringConvertible {
    /// 0 to 100.
    public let percent: Double
    /// What is as large as this, of 56 bits, belongs to it.
    private let threshold: UInt64

    public init(percent: Double) {
        self.percent = percent
        threshold = UInt64(((1 - min(max(percent, 0), 100) / 100) * Double(1 << 56 as UInt64)).rounded())
    }

    public static let none = Share(percent: 0)
    public static let all = Share(percent: 100)

    /// - Parameter bits: the lower 56 count, which are the same whenever the same thing is asked about.
    public func includes(_ bits: UInt64) -> Bool { bits & (1 << 56 - 1) >= threshold }

    public static func == (left: Share, right: Share) -> Bool { left.percent == right.percent }

    public var description: String { "\(NumberText.format(percent))%" }
}

/// Shares in the file: `1%`, `0.5%`, `100%`.
enum ShareText {
    static let type = "percentage, 0% to 100%"

    static func parse(_ text: ConfigText) throws(Complaint) -> Share {
        guard text.text.hasSuffix("%") else {
            let cure = text.isLiteral && Double(text.text) != nil ? "\(text.text)%" : "1%"
            throw Complaint("\(text.shown) is no percentage; write \(cure)")
        }
        let number = ConfigText(text: String(text.text.dropLast()), shown: text.shown, isLiteral: text.isLiteral)
        do throws(Complaint) {
            return Share(percent: try NumberText.decimal(number, 0...100))
        } catch {
            throw Complaint("\(text.shown) is no percentage; write 0% to 100%, as 1% or 0.5%")
        }
    }
}

extension Section {
    func share(_ key: String, _ value: inout Share) {
        let read = optional(key, type: ShareText.type, defaultText: "\(value)", ShareText.parse)
        if let read { value = read }
    }
}
