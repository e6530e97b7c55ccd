#if FOOTBRIDGE_TSAN
    internal import Curl

    /// Wins over that of `Synchronization`; see there.
    typealias Mutex = TracedMutex
#endif
