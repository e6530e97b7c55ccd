/// One life of a bridge's process. Requests name it by its place in the list of runs.
struct Run: Sendable {
    /// Which of the bridges.
    let bridge: Int
    let startedAt: Moment
    /// When it was told to end in good order: from then on it hands over what it has.
    var toldToEnd: Moment?
    var endedAt: Moment?
    /// Resident memory in KiB and descriptors, when the calm beginning was over and at the end.
    var base: Footprint?
    var end: Footprint?
    /// Its metrics at the same moments.
    var calmFigures: Figures?
    var endFigures: Figures?
    /// If it ended in good order.
    var lastWords: LastWords?
    /// Entries of which it says that they are in the dead letters now.
    var buried: [EntryID] = []
}

/// What a process takes.
struct Footprint: Sendable {
    let residentKiB: Int
    let descriptors: Int
}
