internal import Glibc
internal import Logging

/// Starts redis-server, or adopts the one that is there, and keeps one running until `stop` is set.
///
/// All of it is one sequence of blocking calls on one thread of its own.
struct RedisSupervisor {
    let layout: RedisLayout
    let address: UnixAddress
    let stop: StopSignal
    let logger: Logger
    /// Looks an environment variable up.
    let variable: @Sendable (String) -> String?
    var endsWithParent = false

    /// How long a server may take until it answers, the time in which it reads its data in not counted.
    var patience = Duration.seconds(30)

    /// What a server has to write its data and end.
    var grace = Duration.seconds(10)

    /// Calls `onStart` when the first server answers, and returns when it or one of its successors has ended after `stop`.
    ///
    /// - Throws: Why there is none to supervise.
    func run(onStart: () -> Void) throws(EmbeddedRedisError) {
        let lock = try lockState()
        defer { lock.release() }
        let server = try launch()
        onStart()
        supervise(server)
    }

    private func lockState() throws(EmbeddedRedisError) -> FileLock {
        try StateDirectory.create(layout.state)
        switch FileLock.acquire(layout.stateLock) {
        case .acquired(let lock):
            lock.write(pid: getpid())
            try StateDirectory.create(layout.directory)
            // It may have been made by hand; the socket in it has no password.
            guard chmod(layout.directory, 0o700) == 0 else {
                throw .unusableDirectory(path: layout.directory, errno: errno)
            }
            return lock
        case .taken(let pid): throw .stateInUse(path: layout.state, pid: pid)
        case .failed(let errno): throw .unusableDirectory(path: layout.stateLock, errno: errno)
        }
    }

    private func supervise(_ first: ServerProcess) {
        var server = first
        var delay = RestartDelay()
        while true {
            let start = ContinuousClock.now
            guard server.wait(orFor: stop) == .ended else { return end(server) }
            logger.error(
                "embedded redis died, restarting it",
                metadata: [LogKeys.pid: .stringConvertible(server.pid), LogKeys.reason: "\(server.ending)"])
            guard let next = restart(&delay, life: .now - start) else { return }
            server = next
        }
    }

    /// Tries until a server answers; `nil` if `stop` came first.
    private func restart(_ delay: inout RestartDelay, life: Duration) -> ServerProcess? {
        var life = life
        var attempt = 1
        while !stop.wait(atMost: delay.next(afterLifeOf: life)) {
            do throws(EmbeddedRedisError) {
                return try launch()
            } catch .stopped {
                return nil
            } catch {
                // A state is logged when it changes: the first failure says that it stays away, and why.
                logger.log(
                    level: attempt == 1 ? .error : .debug, "embedded redis does not restart",
                    metadata: [LogKeys.attempt: .stringConvertible(attempt), LogKeys.error: "\(error)"])
            }
            life = .zero
            attempt += 1
        }
        return nil
    }

    /// SIGTERM, on which redis-server writes what it has and ends; SIGKILL if it does not.
    private func end(_ server: ServerProcess) {
        server.signal(SIGTERM)
        if server.wait(orFor: nil, atMost: grace) == .ended {
            logger.info("embedded redis stopped", metadata: [LogKeys.pid: .stringConvertible(server.pid)])
            return
        }
        logger.error("embedded redis does not end, killing it", metadata: [LogKeys.pid: .stringConvertible(server.pid)])
        server.signal(SIGKILL)
        _ = server.wait(orFor: nil, atMost: grace)
    }

    /// A server that answers: the one that is there, or a new one.
    private func launch() throws(EmbeddedRedisError) -> ServerProcess {
        let deadline = ContinuousClock.now + patience
        while true {
            let logStart = RedisLog.size(layout.log)
            let server = try find(until: deadline)
            if try answers(server, logStart: logStart) {
                logger.info(
                    server.isChild ? "embedded redis started" : "embedded redis adopted",
                    metadata: [LogKeys.pid: .stringConvertible(server.pid), LogKeys.path: "\(layout.socket)"])
                return server
            }
        }
    }

    /// The server behind the socket, or if nobody is there a new child.
    private func find(until deadline: ContinuousClock.Instant) throws(EmbeddedRedisError) -> ServerProcess {
        while true {
            let failure: EmbeddedRedisError
            switch RedisProbe.ping(address, timeout: .milliseconds(250)) {
            case .alive(let pid?), .loading(let pid?):
                if let server = ServerProcess(adopting: pid) { return server }
                failure = .silent(socket: layout.socket, pid: pid)
            case .alive(nil), .loading(nil):
                throw .silent(socket: layout.socket, pid: nil)
            case .silent(let pid):
                failure = .silent(socket: layout.socket, pid: pid)
            case .absent:
                switch FileLock.acquire(layout.dataLock) {
                case .acquired(let lock):
                    let command = try RedisCommand(
                        layout: layout, endsWithParent: endsWithParent, variable: variable)
                    return try .spawn(command, log: layout.log, lock: lock)
                case .taken(let pid): failure = .dataInUse(path: layout.directory, pid: pid)
                case .failed(let errno): throw .unusableDirectory(path: layout.dataLock, errno: errno)
                }
            }
            if deadline <= .now { throw failure }
            if stop.wait(atMost: .milliseconds(50)) { throw .stopped }
        }
    }

    /// Waits until the server answers. False if an adopted one ended instead: the way is free for a new one.
    private func answers(_ server: ServerProcess, logStart: Int) throws(EmbeddedRedisError) -> Bool {
        var deadline = ContinuousClock.now + patience
        var pause = Duration.milliseconds(5)
        while true {
            switch RedisProbe.ping(address, timeout: .milliseconds(250)) {
            case .alive: return true
            case .loading: deadline = .now + patience
            case .silent, .absent: break
            }
            switch server.wait(orFor: stop, atMost: pause) {
            case .ended where !server.isChild: return false
            case .ended:
                throw .ended(how: server.ending, log: RedisLog.tail(layout.log, from: logStart), logPath: layout.log)
            case .stopped:
                end(server)
                throw .stopped
            case .timeout where deadline <= .now:
                if server.isChild { end(server) }
                throw .silent(socket: layout.socket, pid: server.pid)
            case .timeout: pause = min(pause * 2, .milliseconds(100))
            }
        }
    }
}
