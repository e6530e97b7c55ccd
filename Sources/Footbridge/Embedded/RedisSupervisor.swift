internal import FootbridgeCurl
internal import Glibc
internal import Logging

/// Starts redis-server, or adopts the one that is there, and keeps one running until `stop` is set.
///
/// All of it is one sequence of blocking calls on one thread of its own.
struct RedisSupervisor {
    let layout: RedisLayout
    let stop: StopSignal
    let logger: Logger
    /// Looks an environment variable up.
    let variable: @Sendable (String) -> String?
    var config = EmbeddedConfig()
    /// The configuration whose the state is; `nil`: nobody's.
    var owner: StateOwner?
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
            do throws(EmbeddedRedisError) {
                lock.write(pid: getpid())
                try claim()
                try StateDirectory.create(layout.directory)
                // It may have been made by hand; the socket in it has no password.
                guard chmod(layout.directory, 0o700) == 0 else {
                    throw .unusableDirectory(path: layout.directory, errno: errno)
                }
                return lock
            } catch {
                // To close it is not enough while a child is being started.
                lock.release()
                throw error
            }
        case .taken(let pid): throw .stateInUse(path: layout.state, pid: pid)
        case .failed(let errno): throw .unusableDirectory(path: layout.stateLock, errno: errno)
        }
    }

    /// Marks the state as this configuration's, unless it is another's.
    private func claim() throws(EmbeddedRedisError) {
        guard let owner else { return }
        if let other = StateOwner.of(layout.state), other.path != owner.path {
            guard !other.exists || owner.isSameFile(as: other) else {
                throw .stateOfOther(path: layout.state, configuration: other.path)
            }
            logger.notice(
                "taking over the state of a configuration that is gone",
                metadata: [LogKeys.path: "\(layout.state)", LogKeys.last: "\(other.path)"])
        }
        try owner.claim(layout.state)
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

    /// A server that answers, open to those who may use it: the one that is there, or a new one.
    private func launch() throws(EmbeddedRedisError) -> ServerProcess {
        let deadline = ContinuousClock.now + patience
        let access = try SocketAccess(layout.socket, config)
        while true {
            let logStart = RedisLog.size(layout.log)
            let server = try find(access, until: deadline)
            guard try answers(server, logStart: logStart) else { continue }
            do throws(EmbeddedRedisError) {
                try open(access)
            } catch {
                if server.isChild { end(server) }
                throw error
            }
            logger.info(
                server.isChild ? "embedded redis started" : "embedded redis adopted",
                metadata: [
                    LogKeys.pid: .stringConvertible(server.pid), LogKeys.path: "\(layout.socket)",
                    LogKeys.address: "\(config.addresses(socket: layout.socket).joined(separator: ", "))",
                ])
            return server
        }
    }

    /// Lets those in who may use the server, and leaves word where its socket is.
    private func open(_ access: SocketAccess) throws(EmbeddedRedisError) {
        try access.grant()
        if let directory = access.obstacle() {
            logger.warning(
                "a directory above the socket of the embedded redis keeps out those who may use it",
                metadata: [LogKeys.path: "\(directory)"])
        }
        // By another name of the state directory it may be the one there.
        guard layout.outerSocket != nil, !SocketAccess.isSame(layout.innerSocket, layout.socket) else { return }
        let link = layout.innerSocket + ".new"
        unlink(link)
        guard symlink(layout.socket, link) == 0, rename(link, layout.innerSocket) == 0 else {
            throw .unusableDirectory(path: layout.innerSocket, errno: errno)
        }
    }

    /// The server that works on the data, or if there is none a new child.
    private func find(
        _ access: SocketAccess, until deadline: ContinuousClock.Instant
    ) throws(EmbeddedRedisError) -> ServerProcess {
        while true {
            let failure: EmbeddedRedisError
            // Who holds the data is ours, wherever its socket is, and who does not is not.
            switch FileLock.acquire(layout.dataLock) {
            case .failed(let errno): throw .unusableDirectory(path: layout.dataLock, errno: errno)
            case .acquired(let lock):
                // A link of ours leads to where the socket was, and there may be another's now, which would answer for the new one.
                if layout.outerSocket == nil, SocketAccess.isLink(layout.socket) { unlink(layout.socket) }
                switch ping(layout.socket) {
                case .absent: return try spawn(access, lock)
                case .silent(let pid): failure = .silent(socket: layout.socket, pid: pid)
                case .alive(let pid), .loading(let pid): throw .socketInUse(path: layout.socket, pid: pid)
                }
            case .taken(let holder):
                let inner = ping(layout.innerSocket)
                switch inner == .absent ? ping(layout.socket) : inner {
                case .absent: failure = .dataInUse(path: layout.directory, pid: holder)
                case .silent(let pid): failure = .silent(socket: layout.socket, pid: pid)
                case .alive(nil), .loading(nil): throw .silent(socket: layout.socket, pid: nil)
                case .alive(let pid?), .loading(let pid?):
                    failure = .silent(socket: layout.socket, pid: pid)
                    guard let server = ServerProcess(adopting: pid) else { break }
                    if WholeFile.read(layout.settings) == settings { return server }
                    logger.info(
                        "embedded redis has other settings, restarting it",
                        metadata: [LogKeys.pid: .stringConvertible(pid)])
                    end(server)
                }
            }
            if deadline <= .now { throw failure }
            if stop.wait(atMost: .milliseconds(50)) { throw .stopped }
        }
    }

    private func spawn(_ access: SocketAccess, _ lock: FileLock) throws(EmbeddedRedisError) -> ServerProcess {
        if layout.outerSocket != nil { try access.makeDirectory() }
        do throws(SystemFailure) {
            try WholeFile.write(settings, to: layout.settings)
        } catch {
            throw .unusableDirectory(path: layout.settings, errno: error.code)
        }
        let command = try RedisCommand(layout: layout, endsWithParent: endsWithParent, variable: variable)
        return try .spawn(command, log: layout.log, lock: lock)
    }

    private var settings: String { RedisSettings.text(layout, config) }

    private func ping(_ path: String) -> RedisProbe.Answer {
        guard let address = UnixAddress(path) else { return .absent }
        return RedisProbe.ping(address, password: config.password, timeout: .milliseconds(250))
    }

    /// Waits until the server answers. False if an adopted one ended instead: the way is free for a new one.
    private func answers(_ server: ServerProcess, logStart: Int) throws(EmbeddedRedisError) -> Bool {
        var deadline = ContinuousClock.now + patience
        var pause = Duration.milliseconds(5)
        while true {
            switch ping(layout.socket) {
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
