import Foundation
import RedisStreams

/// Values of every kind, the same ones for the same seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension SeededRandom {
    /// Text that looks like something else, and text that is hard to write.
    static let texts = [
        "", "12", "-0", "1.5", "1e5", "007", "true", "false", "null", "\"x\"", "\"", "[1]", "{}", "{\"a\":1}", "[", " ",
        " 12 ",
        "NaN", "nan", "inf", "Infinity", "-Infinity", "\u{0}", "a\nb\r\t\u{8}\u{C}", "\\u0041", "é", "e\u{301}", "👨‍👩‍👧",
        "\u{FEFF}1",
        "\u{2028}", "\u{FFFF}", "0e984725-c51c-4bf4-9960-e1c80e27aba0",
    ]

    mutating func text() -> String {
        if Bool.random(using: &self) { return Self.texts.randomElement(using: &self) ?? "" }
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &self) {
            let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &self))
            text.unicodeScalars.append(
                Bool.random(using: &self) ? scalar ?? "?" : Unicode.Scalar(UInt8.random(in: 0..<128, using: &self)))
        }
        return text
    }

    mutating func bytes() -> [UInt8] {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: Array("null".utf8)
        case 1: Array(text().utf8)
        default: (0..<Int.random(in: 0..<20, using: &self)).map { _ in UInt8(truncatingIfNeeded: next()) }
        }
    }

    /// All but not-a-number, which does not equal itself.
    mutating func double() -> Double {
        switch Int.random(in: 0..<6, using: &self) {
        case 0:
            return [0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e21]
                .randomElement(using: &self) ?? 0
        case 1: return Double(Int.random(in: -1000...1000, using: &self))
        default:
            let value = Double(bitPattern: next())
            return value.isNaN ? 0 : value
        }
    }

    mutating func float() -> Float {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: next()))
        return value.isNaN ? .infinity : value
    }

    mutating func date() -> Date {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: Date(timeIntervalSince1970: Double(Int64.random(in: -1 << 45...1 << 45, using: &self)) / 1000)
        case 1: Date(timeIntervalSinceReferenceDate: .random(in: -1e12...1e12, using: &self))
        case 2:
            [.distantPast, .distantFuture, Date(timeIntervalSince1970: 0)].randomElement(using: &self) ?? .distantPast
        default: Date(timeIntervalSince1970: .random(in: 0...3e9, using: &self))
        }
    }

    mutating func decimal() -> Decimal {
        Decimal(
            sign: Bool.random(using: &self) ? .plus : .minus, exponent: Int.random(in: -60...60, using: &self),
            significand: Decimal(next()))
    }

    mutating func url() -> URL {
        let path = (0..<Int.random(in: 0..<8, using: &self)).map { _ in
            String(UInt8(truncatingIfNeeded: next()), radix: 36)
        }
        let text = "https://example.org/\(path.joined(separator: "/"))?q=\(next())"
        return Bool.random(using: &self)
            ? URL(string: text) ?? URL(filePath: "/")
            : URL(string: "a/b?\(next())", relativeTo: URL(string: text)) ?? URL(filePath: "/")
    }

    mutating func maybe<Value>(_ make: (inout SeededRandom) -> Value) -> Value? {
        Bool.random(using: &self) ? make(&self) : nil
    }

    mutating func colour() -> RandomCodingTests.Colour {
        RandomCodingTests.Colour.allCases.randomElement(using: &self) ?? .red
    }

    mutating func shape() -> RandomCodingTests.Shape {
        switch Int.random(in: 0..<3, using: &self) {
        case 0: .point
        case 1: .circle(radius: double())
        default: .named(text(), count: Int.random(in: .min ... .max, using: &self))
        }
    }

    mutating func anything(depth: Int = 0) -> Anything {
        switch Int.random(in: 0..<(depth < 3 ? 7 : 5), using: &self) {
        case 0: return .null
        case 1: return .truth(Bool.random(using: &self))
        case 2: return .whole(Int(truncatingIfNeeded: next()))
        case 3: return .number(double())
        case 4: return .text(text())
        case 5: return .list((0..<Int.random(in: 0..<4, using: &self)).map { _ in anything(depth: depth + 1) })
        default:
            let pairs = (0..<Int.random(in: 0..<4, using: &self)).map { _ in (text(), anything(depth: depth + 1)) }
            return .table(Dictionary(pairs) { first, _ in first })
        }
    }

    mutating func inner() -> RandomCodingTests.Inner {
        .init(
            text: text(), number: double(), float: float(), data: Data(bytes()), bytes: bytes(), at: date(), url: url(),
            price: decimal(), maybe: maybe { $0.text() }, shape: shape(), anything: anything())
    }

    mutating func integer<Value: FixedWidthInteger>() -> Value {
        [Value.min, .max, 0].randomElement(using: &self).flatMap { Bool.random(using: &self) ? $0 : nil }
            ?? Value.random(in: .min ... .max, using: &self)
    }

    mutating func outer() -> RandomCodingTests.Outer {
        .init(
            text: text(), isOpen: Bool.random(using: &self), int: integer(), i8: integer(), i16: integer(),
            i32: integer(),
            i64: integer(), uint: integer(), u8: integer(), u16: integer(), u32: integer(), u64: integer(),

            float: float(), double: double(), at: date(), data: Data(bytes()), bytes: bytes(), id: uuid(),
            entry: EntryID(milliseconds: next(), sequence: next()), url: url(), price: decimal(), colour: colour(),
            shape: shape(), inner: inner(), list: (0..<3).map { _ in text() },
            inners: (0..<Int.random(in: 0..<3, using: &self)).map { _ in inner() },
            table: Dictionary((0..<3).map { _ in (text(), maybe { $0.integer() }) }) { first, _ in first },
            numbered: Dictionary((0..<3).map { _ in (integer(), colour()) }) { first, _ in first },
            maybeText: maybe { $0.text() }, maybeNumber: maybe { $0.integer() }, maybeData: maybe { Data($0.bytes()) },
            maybeDate: maybe { $0.date() }, maybeColour: maybe { $0.colour() }, maybeInner: maybe { $0.inner() },
            anything: anything(), maybeAnything: maybe { $0.anything() })
    }

    private mutating func uuid() -> UUID {
        let (a, b) = (next(), next())
        return withUnsafeBytes(of: (a, b)) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
