import Glibc
import Synchronization

/// Ends the children of a test run that dies without ending them itself, be it by a crash, a time limit or Ctrl-C.
///
/// A shell holds the reading end of a pipe whose writing end only this process has. It keeps a list of process groups
/// and kills what is left of it when the pipe ends.
enum Watchdog {
    private static let script = """
        trap '' INT TERM HUP
        groups=
        while read -r verb group; do
            kept=
            for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
            groups=$kept
            [ "$verb" = watch ] && groups="$groups $group"
        done
        for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
        """

    private static let pipeToShell = Mutex<Int32?>(nil)

    static func watch(_ group: pid_t) { tell("watch \(group)\n") }
    static func forget(_ group: pid_t) { tell("forget \(group)\n") }

    private static func tell(_ line: String) {
        pipeToShell.withLock { descriptor in
            if descriptor == nil { descriptor = start() }
            guard let descriptor else { return }
            _ = Array(line.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    /// A socket pair, for writing to it raises no SIGPIPE should the shell be gone.
    private static func start() -> Int32? {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            return nil
        }
        defer { close(ends[0]) }
        guard let shell = try? Spawn("/bin/sh", ["-c", script], environment: [:], input: ends[0]) else {
            close(ends[1])
            return nil
        }
        close(shell.output)
        close(shell.error)
        return ends[1]
    }
}
