internal import FootbridgeCurl
internal import RedisStreams

/// One request to an endpoint, from its start to its end: what `Endpoint.didStart` gives and `didFinish` wants back.
struct Attempt {
    let entry: EntryID
    /// What the entry remembered before it: `none` if it never failed.
    let mark: RefusalMark
    /// When it started, in the endpoint's own count.
    let generation: Generation
    let startedAt: MonotonicTime
    /// It tests whether an endpoint that is down is back.
    let isProbe: Bool
}
