import CFootbridgeOpenSSL

/// Spreads the entries of one stream over 128 bits: always the same for an entry, on every instance, and never the same for two
/// entries of the stream.
public struct EntryHash: Sendable {
    private let seed: TraceContext.TraceID

    /// - Parameters:
    ///   - stream: the stream's key.
    ///   - namespace: what tells this stream from one of the same key elsewhere.
    public init(stream: some Collection<UInt8>, namespace: String? = nil) throws(LibcryptoError) {
        let key = Array((namespace ?? "").utf8) + [0] + Array(stream)
        var digest = [UInt8](repeating: 0, count: 32)
        guard footbridge_sha256(key, key.count, &digest) == 1 else { throw LibcryptoError("EVP_Digest") }
        func word(_ start: Int) -> UInt64 { digest[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        seed = TraceContext.TraceID(high: word(0), low: word(8))
    }

    /// A Feistel network: it can be run backwards, so no two entries meet.
    public func traceID(milliseconds: UInt64, sequence: UInt64) -> TraceContext.TraceID {
        var (high, low) = (milliseconds ^ seed.high, sequence ^ seed.low)
        for _ in 0..<2 {
            high &+= Self.mix(low)
            low &+= Self.mix(high)
        }
        // Zero is no trace.
        return TraceContext.TraceID(high: high, low: high | low == 0 ? 1 : low)
    }

    /// The end of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
