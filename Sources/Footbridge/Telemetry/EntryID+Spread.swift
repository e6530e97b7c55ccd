internal import RedisStreams

extension EntryID {
    /// Evenly spread bits, always the same for an id.
    var spread: UInt64 { SplitMix.mixed(SplitMix.mixed(milliseconds) &+ sequence) }
}
