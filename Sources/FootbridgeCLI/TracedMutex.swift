#if FOOTBRIDGE_TSAN
    import Curl

    /// Wins over that of `Synchronization`; see there.
    typealias Mutex = TracedMutex
#endif
