import FootbridgeRESP
import Glibc
import Testing

/// Bytes made at random from a seed: never a trap, and the cuts change nothing.
///
/// `FOOTBRIDGE_FUZZ_CASES` and `FOOTBRIDGE_FUZZ_SEED` ask for more cases than the usual 20,000, and for others: `make chaos`
/// runs a million.
struct FuzzTests {
    private static let seed = number("FOOTBRIDGE_FUZZ_SEED").map { UInt64($0.magnitude) } ?? 0xF007_B21D_6E00_0001
    private static let cases = number("FOOTBRIDGE_FUZZ_CASES") ?? 20_000

    private static func number(_ variable: String) -> Int? {
        getenv(variable).flatMap { Int(String(cString: $0)) }
    }

    @Test func `mutated replies give the same, whole or cut`() {
        print("fuzz: \(Self.cases) cases, seed \(Self.seed)")
        var random = SplitMix64(state: Self.seed)
        var kinds = (values: 0, failures: 0)
        for round in 0..<Self.cases {
            let bytes = mutated(&random)
            let whole = RESPDecoder.decode([bytes[...]])
            let cut = RESPDecoder.decode(pieces(of: bytes, &random))
            kinds.values += whole.values.count
            kinds.failures += whole.failure == nil ? 0 : 1
            // Described, since a NaN does not equal itself.
            guard "\(whole)" == "\(cut)" else {
                Issue.record("seed \(Self.seed), round \(round): \(bytes)")
                return
            }
        }
        // The mutations are neither too mild nor too harsh to test anything.
        #expect(kinds.values > Self.cases / 4 && kinds.failures > Self.cases / 10)
    }

    @Test func `random values survive the wire`() {
        var random = SplitMix64(state: Self.seed)
        for round in 0..<Self.cases / 10 {
            let value = randomValue(depth: 5, &random)
            let bytes = wire(value)
            guard RESPDecoder.decode(pieces(of: bytes, &random)) == Decoded(values: [value]) else {
                Issue.record("seed \(Self.seed), round \(round): \(value)")
                return
            }
        }
    }

    private func mutated(_ random: inout SplitMix64) -> [UInt8] {
        let alphabet = Array("*$+-:_#,(!=%|~>;.?0123456789tf\r\n\r\n\r\n".utf8)
        if Int.random(in: 0..<5, using: &random) == 0 {
            return (0..<Int.random(in: 1...60, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        }
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes += Recording.all.randomElement(using: &random)?.bytes ?? []
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: index)
            case 2 where bytes.count > 1: bytes.remove(at: index)
            default: bytes[index] = alphabet.randomElement(using: &random) ?? 0
            }
        }
        return bytes
    }

    private func pieces(of bytes: [UInt8], _ random: inout SplitMix64) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...20, using: &random)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private func randomValue(depth: Int, _ random: inout SplitMix64) -> RESPValue {
        func text(_ allowed: ClosedRange<UInt8>) -> ArraySlice<UInt8> {
            (0..<Int.random(in: 0...30, using: &random)).map { _ in UInt8.random(in: allowed, using: &random) }[...]
        }
        func elements(_ multiple: Int = 1) -> [RESPValue] {
            (0..<Int.random(in: 0...4, using: &random) * multiple).map { _ in randomValue(depth: depth - 1, &random) }
        }
        switch Int.random(in: 0..<(depth > 0 ? 14 : 9), using: &random) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .double(Double.random(in: -1e9...1e9, using: &random))
        case 4: return .bigNumber([0x2D] + text(0x30...0x39) + [0x37])
        case 5: return .simpleString(text(0x20...0xFF))
        case 6: return .bulkString(text(0...0xFF))
        case 7: return .verbatim(format: Array("txt".utf8)[...], text(0...0xFF))
        case 8: return .error(text(0x20...0x7E))
        case 9: return .array(RESPArray(elements()))
        case 10: return .set(elements())
        case 11: return .map(elements(2))
        case 12:
            return .array(
                RESPArray((0..<Int.random(in: 1...4, using: &random)).map { _ in .bulkString(text(0...0xFF)) }))
        default: return .push(elements())
        }
    }

    /// A server's side of the protocol.
    private func wire(_ value: RESPValue) -> [UInt8] {
        func line(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }
        let end: [UInt8] = [0x0D, 0x0A]
        switch value {
        case .null: return line("_")
        case .boolean(let value): return line(value ? "#t" : "#f")
        case .integer(let value): return line(":\(value)")
        case .double(let value): return line(",\(value)")
        case .bigNumber(let digits): return [0x28] + digits + end
        case .simpleString(let bytes): return [0x2B] + bytes + end
        case .bulkString(let bytes): return line("$\(bytes.count)") + bytes + end
        case .verbatim(let format, let bytes): return line("=\(bytes.count + 4)") + format + [0x3A] + bytes + end
        case .error(let bytes): return [0x2D] + bytes + end
        case .array(let elements): return line("*\(elements.count)") + elements.flatMap(wire)
        case .set(let elements): return line("~\(elements.count)") + elements.flatMap(wire)
        case .map(let elements): return line("%\(elements.count / 2)") + elements.flatMap(wire)
        case .push(let elements): return line(">\(elements.count)") + elements.flatMap(wire)
        }
    }
}

/// <https://prng.di.unimi.it/splitmix64.c>: small, and the same on every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
