/// What an entry remembers of its failures, so that it can be asked later whether others were accepted since. Four bytes.
///
/// An endpoint numbers its *generations*: the first request, or the first acceptance, after a failure begins the next one.
/// A mark is the generation of the entry's first failure. Generations are compared around 2³¹: an entry that outlives so
/// many waits longer than it had to, and is not given up too early.
struct RefusalMark: Hashable {
    /// The upper bit: the message itself was refused before. The others: the generation; 0: no failure.
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// It never failed.
    static let none = RefusalMark(rawValue: 0)

    init(generation: Generation, isMessageRefused: Bool) {
        rawValue = generation.number | (isMessageRefused ? 1 << 31 : 0)
    }

    var generation: Generation? { self == .none ? nil : Generation(number: rawValue & ~(1 << 31)) }

    var isMessageRefused: Bool { rawValue >> 31 == 1 }
}

/// A number from 1 to 2³¹ − 1 that comes round.
struct Generation: Hashable {
    private(set) var number: UInt32

    static let first = Generation(number: 1)

    var next: Generation { Generation(number: number == (1 << 31) - 1 ? 1 : number + 1) }

    func isAfter(_ other: Generation) -> Bool {
        let distance = (number &- other.number) & ((1 << 31) - 1)
        return distance != 0 && distance < 1 << 30
    }
}
