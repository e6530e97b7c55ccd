import Glibc

extension ServerProcess {
    /// Starts redis-server in a session of its own: the terminal's Ctrl-C reaches the bridge alone, which first drains.
    ///
    /// The child has `/dev/null` as standard input, the log as output, the lock as descriptor 3 and nothing else; all
    /// signals are as a fresh process has them. It outlives a bridge that is killed; the next bridge adopts it.
    static func spawn(_ command: RedisCommand, log: String, lock: FileLock) throws(EmbeddedRedisError) -> ServerProcess
    {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        posix_spawn_file_actions_adddup2(&actions, lock.descriptor, 3)
        // The bridge opens everything close-on-exec; this is for what a library or the caller's shell left open.
        _ = LinuxCalls.addCloseFrom?(&actions, 4)

        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        let flags = Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | LinuxCalls.spawnSetSession
        posix_spawnattr_setflags(&attributes, flags)

        var pid: pid_t = 0
        let failure = withCStrings(command.arguments) { arguments in
            withCStrings(command.environment) { environment in
                posix_spawn(&pid, command.program, &actions, &attributes, arguments, environment)
            }
        }
        guard failure == 0 else { throw .system(call: command.program, errno: failure) }
        lock.write(pid: pid)
        return ServerProcess(child: pid)
    }
}

/// The strings as C has them in `argv` and `environ`.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
