internal import CFootbridgeCurl

/// An easy handle whose connection stands, and the multi handle that knows it, on their way from the connecting thread to the
/// loop. Whoever has it closes it, once.
struct ConnectedHandle: @unchecked Sendable {
    let easy: UnsafeMutableRawPointer
    let multi: UnsafeMutableRawPointer
    let descriptor: Int32

    /// Ends the connection, on whatever thread: over TLS that may write to a peer that is gone, see `DetachedThread`.
    func close() {
        // The process is about to end, and the connection with it.
        guard ExitGate.enter() else { return }
        defer { ExitGate.leave() }
        let isBlocked = footbridge_block_pipe_signal()
        defer { if isBlocked { footbridge_unblock_pipe_signal() } }
        curl_multi_remove_handle(multi, easy)
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
    }
}
