/// Learns how large a route's entries are, to bound how many of them are in memory.
struct EntrySizes {
    /// Bodies of one route in memory: about so many bytes, if each entry is not larger than that by itself. Each is there
    /// once more while its request is under way, and the reply that brings the next ones comes on top.
    private static let windowBytes = 40 * 1024 * 1024

    /// Follows large entries at once, and forgets them slowly.
    private var estimate = 1024

    mutating func note(_ bytes: Int) {
        estimate = bytes > estimate ? bytes : estimate - (estimate - bytes) / 64
    }

    /// Bytes of one.
    var usual: Int { max(1, estimate) }

    /// How many fit.
    var fitting: Int { Self.windowBytes / max(1, estimate) }
}
