import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import TestThreads
import Testing

@testable import Footbridge

/// With the real redis-server of the system.
@Suite(.waiting) struct EmbeddedRedisTests {
    private let directory: TemporaryDirectory
    private let log = RecordingLog()
    private let redisServer: EmbeddedRedis

    init() throws {
        directory = try TemporaryDirectory()
        redisServer = EmbeddedRedis(stateDirectory: directory.path + "/state", logger: log.logger)
    }

    private var socket: String { redisServer.socketPath }

    @Test func `it answers on its socket, with a log of every write and nothing evicted`() async throws {
        try await redisServer.start()
        #expect(socket == "\(directory.path)/state/redis/redis.sock")
        #expect(redisServer.url == "unix://\(directory.path)/state/redis/redis.sock")
        #expect(redis(socket, "PING") == "+PONG\r\n")
        #expect(redis(socket, "CONFIG GET port") == "*2\r\n$4\r\nport\r\n$1\r\n0\r\n")
        #expect(redis(socket, "CONFIG GET appendonly") == "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n")
        #expect(redis(socket, "CONFIG GET save") == "*2\r\n$4\r\nsave\r\n$0\r\n\r\n")
        #expect(
            redis(socket, "CONFIG GET maxmemory-policy") == "*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n")
        for path in ["/state", "/state/redis", "/state/redis/redis.sock"] {
            var status = stat()
            #expect(stat(directory.path + path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
        let pid = try #require(serverPID(socket))
        await redisServer.stop()
        #expect(!isRunning(pid))
        #expect(redis(socket, "PING") == nil)
        #expect(log.messages == ["info: embedded redis started", "info: embedded redis stopped"])
    }

    @Test func `it is out of reach of the terminal and inherits nothing but the lock`() async throws {
        // Open on exec, as a shell or a library may leave it.
        let leak = open("/dev/zero", O_RDONLY)
        defer { close(leak) }
        try await redisServer.start()
        let pid = try #require(serverPID(socket))
        #expect(getsid(pid) == pid)
        #expect(getpgid(pid) == pid)
        let targets = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").sorted().map { number in
            (number, (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)")) ?? "")
        }
        let logPath = "\(directory.path)/state/redis/redis.log"
        let expected = ["0": "/dev/null", "1": logPath, "2": logPath, "3": "\(directory.path)/state/redis/lock"]
        #expect(Dictionary(uniqueKeysWithValues: targets).filter { expected[$0.key] != nil } == expected)
        #expect(targets.filter { $0.1.hasPrefix("/dev/zero") || $0.1 == "\(directory.path)/state/lock" }.isEmpty)
        let environment = try String(contentsOfFile: "/proc/\(pid)/environ", encoding: .utf8)
        let names = environment.split(separator: "\0").map { $0.prefix { $0 != "=" } }
        #expect(Set(names).isSubset(of: ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]))
        await redisServer.stop()
    }

    @Test func `a killed server comes back with its data, and both are said once`() async throws {
        try await redisServer.start()
        let killed = try #require(serverPID(socket))
        #expect(redis(socket, "XADD orders 1-1 k v") == "$3\r\n1-1\r\n")
        kill(killed, SIGKILL)
        let next = try await eventually { serverPID(socket).flatMap { $0 == killed ? nil : $0 } }
        _ = try await eventually { redis(socket, "PING") == "+PONG\r\n" ? true : nil }
        #expect(redis(socket, "XRANGE orders - +") == "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nk\r\n$1\r\nv\r\n")
        _ = try await eventually { log.messages.count == 3 ? true : nil }
        await redisServer.stop()
        #expect(!isRunning(next))
        #expect(
            log.messages == [
                "info: embedded redis started", "error: embedded redis died, restarting it",
                "info: embedded redis started", "info: embedded redis stopped",
            ])
    }

    @Test func `a clean stop and a start keep the data`() async throws {
        try await redisServer.start()
        #expect(redis(socket, "SET k v") == "+OK\r\n")
        await redisServer.stop()
        try await redisServer.start()
        #expect(redis(socket, "GET k") == "$1\r\nv\r\n")
        await redisServer.stop()
    }

    @Test func `a server that outlived its bridge is adopted, supervised and stopped`() async throws {
        let orphan = try startOrphan()
        _ = try await eventually { redis(socket, "PING") == "+PONG\r\n" ? true : nil }
        #expect(redis(socket, "SET k v") == "+OK\r\n")
        try await redisServer.start()
        #expect(serverPID(socket) == orphan.pid)
        await redisServer.stop()
        #expect(orphan.wait(orFor: nil, atMost: .seconds(10)) == .ended)
        #expect(orphan.ending == "exited with 0")
        #expect(log.messages == ["info: embedded redis adopted", "info: embedded redis stopped"])
    }

    @Test func `an adopted server that is killed comes back with its data`() async throws {
        let orphan = try startOrphan()
        try await redisServer.start()
        #expect(redis(socket, "SET k v") == "+OK\r\n")
        kill(orphan.pid, SIGKILL)
        #expect(orphan.wait(orFor: nil, atMost: .seconds(10)) == .ended)
        _ = try await eventually { redis(socket, "PING") == "+PONG\r\n" ? true : nil }
        #expect(redis(socket, "GET k") == "$1\r\nv\r\n")
        await redisServer.stop()
    }

    @Test func `a second bridge on one state directory is refused`() async throws {
        try await redisServer.start()
        let second = EmbeddedRedis(stateDirectory: directory.path + "/state/", logger: log.logger)
        let expected = EmbeddedRedisError.stateInUse(path: directory.path + "/state", pid: getpid())
        await #expect(throws: expected) { try await second.start() }
        #expect(expected.exitCode == EX_UNAVAILABLE)
        #expect(redis(socket, "PING") == "+PONG\r\n")
        await redisServer.stop()
        try await second.start()
        await second.stop()
    }

    @Test func `the file of a dead socket is no obstacle`() async throws {
        try StateDirectory.create(directory.path + "/state/redis")
        let address = try #require(UnixAddress(socket))
        let stale = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(address.withSockaddr { bind(stale, $0, $1) } == 0)
        close(stale)
        try await redisServer.start()
        #expect(redis(socket, "PING") == "+PONG\r\n")
        await redisServer.stop()
    }

    @Test func `data that cannot be read is an error that quotes the server`() async throws {
        try await redisServer.start()
        await redisServer.stop()
        try "nonsense\n".write(
            toFile: directory.path + "/state/redis/appendonlydir/appendonly.aof.manifest", atomically: false,
            encoding: .utf8)
        let error = try await #require(throws: EmbeddedRedisError.self) { try await redisServer.start() }
        guard case .ended(how: "exited with 1", let text, logPath: directory.path + "/state/redis/redis.log") = error
        else { throw error }
        // aof.c of Redis 7.0, AOF_MANIFEST_KEY…: what the server says of such a file.
        #expect(text.contains("Invalid AOF manifest file format"))
    }

    @Test func `a cancelled start leaves nothing behind`() async throws {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await redisServer.start()
        }
        task.cancel()
        await #expect(throws: EmbeddedRedisError.stopped) { try await task.value }
        #expect(redis(socket, "PING") == nil)
        try await redisServer.start()
        await redisServer.stop()
    }

    @Test func `as the first service it ends after the one that drains into it`() async throws {
        let drain = Drain(socketPath: socket)
        let group = ServiceGroup(
            services: [redisServer, drain], logger: log.logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            _ = try await eventually { log.messages.contains("info: embedded redis started") ? true : nil }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(drain.answers.withLock { $0 } == ["*-1\r\n"])
        #expect(redis(socket, "PING") == nil)
    }

    /// What a bridge that was killed leaves: the server that it started, holding the lock.
    private func startOrphan() throws -> ServerProcess {
        let layout = RedisLayout(state: directory.path + "/state")
        try StateDirectory.create(layout.directory)
        guard case .acquired(let lock) = FileLock.acquire(layout.dataLock) else { throw CancellationError() }
        let command = try RedisCommand(layout: layout) { getenv($0).map { String(cString: $0) } }
        return try .spawn(command, log: layout.log, lock: lock)
    }
}

/// Needs Redis until its own end.
private final class Drain: Service {
    let socketPath: String
    let answers = Mutex<[String?]>([])

    init(socketPath: String) { self.socketPath = socketPath }

    func run() async throws {
        try? await gracefulShutdown()
        // The nil of a timeout; a server that ends meanwhile closes the connection.
        let answer = redis(socketPath, "BLPOP nothing 0.3")
        answers.withLock { $0.append(answer) }
    }
}
