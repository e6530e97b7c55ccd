/// How `listen` answers: refuses what it cannot verify, fails a share of the rest.
struct ListenRule: Sendable, Equatable {
    var status = 200
    /// The share of requests that fail, 0 … 1.
    var failRate = 0.0
    var failStatus = 503
    var delay = Duration.zero
    /// With a secret, only requests that are signed with it are taken.
    var wantsSignature = false

    /// - Parameter roll: a random number, 0 ..< 1.
    func answer(to request: Receiver.Request, roll: Double) -> Receiver.Answer {
        if wantsSignature, request.signature != .ok {
            return Receiver.Answer(status: 401, body: request.signature.text, delay: delay)
        }
        return Receiver.Answer(status: roll < failRate ? failStatus : status, delay: delay)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
