/// What a route notes of one of its streams, and of its group there.
struct StreamState {
    var tenure: Tenure
    var watch = GroupWatch()
    /// The mark of the group, as far as it is known.
    var identity: String?
    /// The group is being given back what we hold.
    var isRestoring = false
    /// A read is outstanding that may have been answered before the group was made anew.
    var isReadDoubtful = false
    /// A read is outstanding that may have been answered before we were silent for too long.
    var isReadLate = false
    /// The group was moved back, and is not yet where it was.
    var isReadAgain = false
    /// Entries may not be taken over: told once.
    var isTakeoverRefused = false
    /// It is looked at before the next round.
    var isVisitedEarly = false
    /// Numbers the looks at our own pending entries: a later one ends those before it.
    var resumptions = 0
    /// It was prepared once: what turns up as ours later was never begun by this process.
    var wasPrepared = false
}
