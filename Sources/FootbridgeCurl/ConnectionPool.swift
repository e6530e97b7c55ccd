internal import CFootbridgeCurl

/// Kept connections that only some handles of a loop may use. Outlives its handles, for each of them keeps its loop.
final class ConnectionPool {
    let share: UnsafeMutableRawPointer?

    /// - Parameter share: `nil` for the pool that a multi handle has anyway.
    init(share: UnsafeMutableRawPointer?) { self.share = share }

    convenience init() {
        let share = curl_share_init()
        if let share { _ = footbridge_share_connections(share) }
        self.init(share: share)
    }

    deinit { if let share { curl_share_cleanup(share) } }
}
