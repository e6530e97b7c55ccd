import FootbridgeCurl
import FootbridgeWebhooks
import Glibc

/// What this process does with signals and at its end; a library leaves both to its host.
enum ProcessSignals {
    /// A reader of our output that goes away must not end the bridge, and other threads may be in a handshake when it exits.
    static func begin() {
        signal(SIGPIPE, SIG_IGN)
        Libcrypto.stay()
        ExitGate.leaveOpen()
    }
}
