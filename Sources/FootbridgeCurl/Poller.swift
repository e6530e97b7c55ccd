internal import CFootbridgeCurl

/// Tells which of many descriptors are ready. Belongs to one thread.
protocol Poller: AnyObject {
    /// Watches for reading; `false` if that is not possible. What is told of it bears the token.
    func add(_ descriptor: Int32, token: UInt64) -> Bool
    func change(_ descriptor: Int32, writing: Bool, token: UInt64)
    /// To be called before the descriptor is closed.
    func remove(_ descriptor: Int32)
    /// Calls `poll` with what stands for all descriptors, for it to wait until one of them is ready; returns whether one is.
    func wait(_ poll: (_ descriptors: UnsafeMutablePointer<curl_waitfd>?, _ count: UInt32) -> Void) -> Bool
    /// Tells of those that are ready now. What is added meanwhile is not told of.
    func forEachReady(_ body: (_ token: UInt64, _ readiness: Readiness) -> Void)
}

struct Readiness: OptionSet {
    let rawValue: UInt32
    /// There is something to read, or the end.
    static let read = Readiness(rawValue: 1)
    static let write = Readiness(rawValue: 2)
}

/// How the readiness of descriptors is learnt: by epoll, which Linux has, or by poll(2), which all have. On Linux the second is
/// there for tests alone.
package enum PollerKind: Int, Sendable, CaseIterable {
    case poll
    #if os(Linux)
        case epoll

        package static let standard = PollerKind.epoll
    #else
        package static let standard = PollerKind.poll
    #endif

    func makePoller() throws(SystemFailure) -> any Poller {
        switch self {
        case .poll: PlainPoller()
        #if os(Linux)
            case .epoll: try EpollPoller()
        #endif
        }
    }
}
