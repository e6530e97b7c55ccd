/// Xorshift64*: the same numbers for the same seed (Vigna, "An experimental exploration of Marsaglia's xorshift generators").
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 2_685_821_657_736_338_717 &+ 88_172_645_463_325_252 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 2_685_821_657_736_338_717
    }
}
