import Foundation
import Glibc
import Logging
import TestThreads
import Testing

@testable import Footbridge

/// What stands in the way of a server, with a short patience.
@Suite(.waiting) struct RedisSupervisorTests {
    private let directory: TemporaryDirectory
    private let layout: RedisLayout

    init() throws {
        directory = try TemporaryDirectory()
        layout = RedisLayout(state: directory.path)
        try StateDirectory.create(layout.directory)
    }

    private func supervisor(stop: StopSignal) throws -> RedisSupervisor {
        RedisSupervisor(
            layout: layout, stop: stop, logger: RecordingLog().logger,
            variable: { getenv($0).map { String(cString: $0) } })
    }

    private func failure() throws -> EmbeddedRedisError {
        var supervisor = try supervisor(stop: StopSignal())
        supervisor.patience = .milliseconds(100)
        return try #require(throws: EmbeddedRedisError.self) { try supervisor.run(onStart: {}) }
    }

    @Test func `a server that does not end on SIGTERM is killed after its grace`() throws {
        let stop = try StopSignal()
        var supervisor = try supervisor(stop: stop)
        supervisor.grace = .milliseconds(200)
        var pid: Int32 = 0
        var start = ContinuousClock.now
        try supervisor.run {
            pid = serverPID(layout.socket) ?? 0
            // A stopped process takes no SIGTERM; SIGKILL it does take.
            if pid > 0 { kill(pid, SIGSTOP) }
            start = .now
            stop.set()
        }
        #expect(pid > 0 && !isRunning(pid))
        #expect(.now - start >= .milliseconds(200))
    }

    @Test func `two servers never work on one set of data`() throws {
        guard case .acquired(let lock) = FileLock.acquire(layout.dataLock) else { throw CancellationError() }
        lock.write(pid: 4711)
        try #expect(failure() == .dataInUse(path: layout.directory, pid: 4711))
        withExtendedLifetime(lock) {}
    }

    @Test func `a server that is stuck is named, not replaced`() throws {
        let stuck = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(stuck) }
        let address = try #require(UnixAddress(layout.socket))
        try #require(address.withSockaddr { bind(stuck, $0, $1) } == 0 && listen(stuck, 16) == 0)
        try #expect(failure() == .silent(socket: layout.socket, pid: getpid()))
    }

    @Test func `a missing program is an error with the cure`() async {
        let redis = EmbeddedRedis(stateDirectory: directory.path, logger: RecordingLog().logger) {
            $0 == "PATH" ? "/nonexistent:/etc" : nil
        }
        let error = EmbeddedRedisError.serverNotFound(override: nil)
        await #expect(throws: error) { try await redis.start() }
        #expect(
            error.description
                == "redis: embedded needs redis-server, and there is none in PATH; "
                + "install it (apt-get install redis-server) or name it in FOOTBRIDGE_REDIS_SERVER")
    }

    @Test func `a wrong FOOTBRIDGE_REDIS_SERVER is not silently replaced`() throws {
        let error = #expect(throws: EmbeddedRedisError.self) {
            try RedisCommand(layout: layout) { ["FOOTBRIDGE_REDIS_SERVER": "/etc/passwd", "PATH": "/usr/bin"][$0] }
        }
        #expect(error == .serverNotFound(override: "/etc/passwd"))
    }

    @Test func `FOOTBRIDGE_REDIS_SERVER comes before PATH`() throws {
        let command = try RedisCommand(layout: layout) {
            ["FOOTBRIDGE_REDIS_SERVER": "/bin/sh", "PATH": "/usr/bin", "SECRET": "x"][$0]
        }
        #expect(command.program == "/bin/sh")
        #expect(command.environment == ["PATH=/usr/bin"])
    }

    /// unix(7): 108 bytes with the NUL.
    @Test func `a path that is too long for a socket is an error with the cure`() async throws {
        let parent = "/tmp/" + String(repeating: "d", count: 107 - "/tmp/".utf8.count - "/redis/redis.sock".utf8.count)
        #expect(UnixAddress(parent + "/redis/redis.sock") != nil)
        let redis = EmbeddedRedis(stateDirectory: parent + "d", logger: RecordingLog().logger)
        let error = EmbeddedRedisError.socketPathTooLong(path: redis.socketPath)
        await #expect(throws: error) { try await redis.start() }
        #expect(
            error.description
                == "\"\(parent)d/redis/redis.sock\" has 108 bytes, and the path of a unix socket can have 107; "
                + "give a shorter directory with --state, or the socket a place of its own: "
                + "redis: { embedded: { socket: /run/shop/redis.sock } }")
        #expect(error.exitCode == EX_CONFIG)
    }

    @Test func `a state directory that is a file is an error with the cure`() async {
        let redis = EmbeddedRedis(stateDirectory: "/etc/passwd", logger: RecordingLog().logger)
        let error = EmbeddedRedisError.unusableDirectory(path: "/etc/passwd", errno: ENOTDIR)
        await #expect(throws: error) { try await redis.start() }
        #expect(
            error.description
                == "\"/etc/passwd\": Not a directory; give a directory that footbridge may write with --state")
    }

    @Test func `the URL of a path is percent-encoded`() {
        let address = EmbeddedConfig().addresses(socket: "/tmp/a b?#%é/redis.sock")
        // What Foundation reads back is the witness.
        #expect(address.map { URL(string: $0)?.path } == ["/tmp/a b?#%é/redis.sock"])
        #expect(address == ["unix:///tmp/a%20b%3F%23%25%C3%A9/redis.sock"])
        let listening = EmbeddedConfig(listen: AdminAddress(host: "::1", port: 6390), password: "hunter2")
        #expect(listening.addresses(socket: "/s") == ["unix:///s", "redis://[::1]:6390"])
    }

    @Test func `a server of somebody else on the socket is neither adopted nor replaced`() throws {
        let other = RedisLayout(state: directory.path + "/other")
        try StateDirectory.create(other.directory)
        let stop = try StopSignal()
        let theirs = RedisSupervisor(
            layout: other, stop: stop, logger: RecordingLog().logger,
            variable: { getenv($0).map { String(cString: $0) } })
        var supervisor = RedisSupervisor(
            layout: RedisLayout(state: directory.path, outerSocket: other.socket), stop: try StopSignal(),
            logger: RecordingLog().logger, variable: { getenv($0).map { String(cString: $0) } })
        supervisor.patience = .milliseconds(100)
        var pid: Int32?
        var error: EmbeddedRedisError?
        try theirs.run {
            pid = serverPID(other.socket)
            error = #expect(throws: EmbeddedRedisError.self) { try supervisor.run(onStart: {}) }
            #expect(redis(other.socket, "PING") == "+PONG\r\n")
            stop.set()
        }
        #expect(error == .socketInUse(path: other.socket, pid: pid))
        #expect(error?.exitCode == EX_UNAVAILABLE)
    }

    @Test func `a file that is no socket is left where it is`() throws {
        let path = directory.path + "/precious"
        try "data".write(toFile: path, atomically: false, encoding: .utf8)
        let supervisor = RedisSupervisor(
            layout: RedisLayout(state: directory.path, outerSocket: path), stop: try StopSignal(),
            logger: RecordingLog().logger, variable: { getenv($0).map { String(cString: $0) } })
        let error = #expect(throws: EmbeddedRedisError.self) { try supervisor.run(onStart: {}) }
        #expect(error == .notASocket(path: path))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "data")
    }

    @Test func `restarts come after 100 ms, doubled up to 10 s, and early again after half a minute of health`() {
        var delay = RestartDelay()
        #expect(
            (0..<9).map { _ in delay.next(afterLifeOf: .zero) }
                == [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { .milliseconds($0) })
        #expect(delay.next(afterLifeOf: .seconds(29)) == .seconds(10))
        #expect(delay.next(afterLifeOf: .seconds(30)) == .milliseconds(100))
        #expect(delay.next(afterLifeOf: .zero) == .milliseconds(200))
    }
}
