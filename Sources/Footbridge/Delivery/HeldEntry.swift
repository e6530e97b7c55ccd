internal import RedisStreams

/// An entry with its body, from reading until it is settled or parked.
struct HeldEntry {
    let key: EntryKey
    let fields: EntryFields
    /// The attempt that is to be made or under way, counted from 1.
    var attempt: Int
    /// When the first attempt was made, milliseconds since 1970; 0 before it.
    var firstAt: Int64
}
