import CFootbridgeOpenSSL

/// The content of the nth entry: a pure function of seed and number, so that the ledger need not keep it.
struct Payload {
    let fields: [(name: String, value: String)]

    init(seed: UInt64, number: Int, keys: Int, isMarked: Bool = false) {
        var random = SplitMix64(state: seed &+ UInt64(number) &* 0x9E37_79B9)
        // Mostly small, now and then longer than one segment of the network.
        let length =
            switch number {
            case let number where number % 10_000 == 7_777: 1_200_000
            case let number where number % 500 == 499: 3000
            default: Int.random(in: 8..<160, using: &random)
            }
        var data = ""
        while data.utf8.count < min(length, 3000) { data += String(random.next(), radix: 36) }
        // Longer than a window of the network, and than what libcurl sends without asking (1 MiB).
        if length > 3000 { data = String(repeating: data, count: length / 3000) }
        fields =
            [
                ("n", "\(number)"), ("key", "k\(number % keys)"), ("seq", "\(number / keys)"), ("data", data),
            ] + (isMarked ? [("abort", "")] : [])
    }

    /// What a receiver has to get.
    var body: [UInt8] {
        Array("{\(fields.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ","))}".utf8)
    }
}

/// The first eight bytes of SHA-256.
func digest(_ bytes: some Collection<UInt8>) -> UInt64 {
    var digest = [UInt8](repeating: 0, count: 32)
    let bytes = Array(bytes)
    _ = footbridge_sha256(bytes, bytes.count, &digest)
    return digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
}
