import CFootbridgeLinux
import Glibc

/// Whether others may look into this process, which holds secrets.
enum ProcessPrivacy {
    /// Nobody but root, from here on: no core is written, and memory, environment and descriptors (`/proc/PID`) are closed to
    /// other processes of the same user. Debuggers and profilers want it otherwise: `FOOTBRIDGE_DUMPABLE=1`.
    static func begin() {
        if let wish = getenv("FOOTBRIDGE_DUMPABLE"), String(cString: wish) == "1" { return }
        // It fails for no process that may run at all.
        _ = footbridge_forbid_dumps()
    }
}
