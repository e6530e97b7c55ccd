import Foundation
import Synchronization

/// `posix_spawnp` with what every child of a test needs: a process group of its own, default signals, no inherited
/// descriptors.
struct Spawn {
    let pid: pid_t
    /// Reading ends of pipes at the child's standard output and error; the caller closes them.
    let output: Int32
    let error: Int32

    /// One at a time: a pipe end that another child inherited would never report its end.
    private static let turn = Mutex(())

    /// - Parameter input: The child's standard input; /dev/null if `nil`.
    init(_ executable: String, _ arguments: [String], environment: [String: String], input: Int32? = nil) throws {
        self = try Self.turn.withLock { _ in
            let output = try Self.pipe()
            defer { close(output.writing) }
            let error = try Self.pipe()
            defer { close(error.writing) }
            do {
                let pid = try Self.start(
                    executable, arguments, environment, streams: [input, output.writing, error.writing])
                return Spawn(pid: pid, output: output.reading, error: error.reading)
            } catch let failure {
                close(output.reading)
                close(error.reading)
                throw failure
            }
        }
    }

    private init(pid: pid_t, output: Int32, error: Int32) {
        self.pid = pid
        self.output = output
        self.error = error
    }

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw TestSupportError.system("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func start(
        _ executable: String, _ arguments: [String], _ environment: [String: String], streams: [Int32?]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, source) in zip(Int32(0)..., streams) {
            if let source {
                posix_spawn_file_actions_adddup2(&actions, source, number)
            } else {
                posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            }
        }
        // What somebody opened without CLOEXEC would keep sockets and pipes alive in the child.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, executable, &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw TestSupportError.system("spawn \(executable)", code) }
        return pid
    }
}
