import FlyingSocks

/// Requests that cannot be read. The server tells of them in its log only: `<host> error: No HTTP Method`.
struct MalformedRequests: Logging {
    let report: @Sendable (String) -> Void

    func logError(_ error: @autoclosure () -> String) {
        let text = error()
        // What ends a connection is told there, too: peers that leave, and our own stop.
        guard text.hasPrefix("<"), let mark = text.firstRange(of: " error: ") else { return }
        let reason = text[mark.upperBound...]
        if Self.isAboutRequests(reason) { report(String(reason)) }
    }

    /// The errors of FlyingFox's `HTTPDecoder`.
    private static func isAboutRequests(_ reason: Substring) -> Bool {
        [
            "No HTTP Method", "Content-Length and Transfer-Encoding", "Unsupported Transfer-Encoding",
            "Invalid Content-Length",
        ]
        .contains { reason.hasPrefix($0) }
    }

    func logDebug(_ debug: @autoclosure () -> String) {}
    func logInfo(_ info: @autoclosure () -> String) {}
    func logWarning(_ warning: @autoclosure () -> String) {}
    func logCritical(_ critical: @autoclosure () -> String) {}
}
