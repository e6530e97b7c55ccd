/// One life of a bridge's process. Requests name it by its place in the list of runs.
struct Run: Sendable {
    /// Which of the bridges.
    let bridge: Int
    let startedAt: Moment
    var endedAt: Moment?
    /// Resident memory in KiB and descriptors, when the calm beginning was over and at the end.
    var base: Footprint?
    var end: Footprint?
}

/// What a process takes.
struct Footprint: Sendable {
    let residentKiB: Int
    let descriptors: Int
}
