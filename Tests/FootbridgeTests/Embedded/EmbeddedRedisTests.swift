import FootbridgeRedis
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
        #expect(redisServer.url == RedisURL(endpoint: .unix(path: socket)))
        #expect(redis(socket, "PING") == "+PONG\r\n")
        #expect(redis(socket, "CONFIG GET port") == "*2\r\n$4\r\nport\r\n$1\r\n0\r\n")
        #expect(redis(socket, "CONFIG GET appendonly") == "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n")
        #expect(redis(socket, "CONFIG GET save") == "*2\r\n$4\r\nsave\r\n$0\r\n\r\n")
        #expect(
            redis(socket, "CONFIG GET maxmemory-policy") == "*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n")
        let modes: KeyValuePairs = [
            "/state": 0o700, "/state/redis": 0o700, "/state/redis/redis.sock": 0o600, "/state/redis/redis.conf": 0o600,
        ]
        for (path, mode) in modes { #expect(permissions(directory.path + path) == UInt32(mode)) }
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
        await redisServer.stop()
    }

    /// In /proc the server's title stands over its environment.
    @Test func `it has a few variables of the bridge's and no others`() async throws {
        let (script, file) = (directory.path + "/server", directory.path + "/variables")
        // Written by a shell: children that other tests are starting would hold what is open here, and it could not be run.
        let text = "#!/bin/sh\nenv > \(file)\nexec redis-server \"$@\"\n"
        let command = #"printf %s "$0" > "$1" && chmod 700 "$1""#
        let writer = try Process.run(URL(filePath: "/bin/sh"), arguments: ["-c", command, text, script])
        writer.waitUntilExit()
        #expect(writer.terminationStatus == 0)
        let redis = EmbeddedRedis(stateDirectory: directory.path + "/state", logger: log.logger) { name in
            ["FOOTBRIDGE_REDIS_SERVER": script, "SECRET": "x"][name] ?? getenv(name).map { String(cString: $0) }
        }
        try await redis.start()
        await redis.stop()
        let names = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .map { String($0.prefix { $0 != "=" }) }
        #expect(names.contains("PATH"))
        // The last ones are the shell's.
        #expect(
            Set(names).isSubset(of: ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PWD", "SHLVL", "OLDPWD", "_"]))
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

    @Test func `a server that outlived its bridge and has other settings is followed by one that has those of today`()
        async throws
    {
        let orphan = try startOrphan()
        _ = try await eventually { redis(socket, "PING") == "+PONG\r\n" ? true : nil }
        #expect(redis(socket, "SET k v") == "+OK\r\n")
        let next = EmbeddedRedis(
            stateDirectory: directory.path + "/state", config: EmbeddedConfig(password: "a \"b\\ é"), logger: log.logger
        )
        try await next.start()
        #expect(orphan.wait(orFor: nil, atMost: .zero) == .ended)
        #expect(redis(socket, "GET k")?.hasPrefix("-NOAUTH") == true)
        #expect(redis(socket, #"AUTH "a \"b\\ \xc3\xa9""#) == "+OK\r\n")
        #expect(next.url.password == "a \"b\\ é")
        #expect(
            log.messages == [
                "info: embedded redis has other settings, restarting it", "info: embedded redis stopped",
                "info: embedded redis started",
            ])
        // With its password in the way, too, it is known to be there, and adopted.
        let third = EmbeddedRedis(
            stateDirectory: directory.path + "/state", config: EmbeddedConfig(password: "a \"b\\ é"), logger: log.logger
        )
        await #expect(throws: EmbeddedRedisError.self) { try await third.start() }
        await next.stop()
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

    @Test func `the state of another configuration is refused, unless that one is gone`() async throws {
        let (first, second) = ("\(directory.path)/a.yaml", "\(directory.path)/b.yaml")
        for path in [first, second] { try "x".write(toFile: path, atomically: false, encoding: .utf8) }
        func bridge(_ config: String) -> EmbeddedRedis {
            EmbeddedRedis(
                stateDirectory: directory.path + "/state", owner: StateOwner(config: config), logger: log.logger)
        }
        let one = bridge(first)
        try await one.start()
        await one.stop()
        let expected = EmbeddedRedisError.stateOfOther(path: directory.path + "/state", configuration: first)
        await #expect(throws: expected) { try await bridge(second).start() }
        #expect(expected.exitCode == EX_CONFIG)
        #expect(redis(socket, "PING") == nil)
        // Another way to the same file.
        link(first, directory.path + "/c.yaml")
        let same = bridge(directory.path + "/c.yaml")
        try await same.start()
        await same.stop()
        for path in [first, directory.path + "/c.yaml"] { unlink(path) }
        let heir = bridge(second)
        try await heir.start()
        await heir.stop()
        #expect(log.messages.filter { $0.hasPrefix("notice") }.count == 2)
        #expect(StateOwner.of(directory.path + "/state")?.path == second)
    }

    @Test func `a socket elsewhere is reached through the state directory as well`() async throws {
        let outer = "\(directory.path)/run/redis.sock"
        func bridge(_ config: EmbeddedConfig) -> EmbeddedRedis {
            EmbeddedRedis(stateDirectory: directory.path + "/state", config: config, logger: log.logger)
        }
        let first = bridge(EmbeddedConfig(socket: outer, socketMode: 0o666))
        try await first.start()
        #expect(first.socketPath == outer && permissions(outer) == 0o666)
        #expect(permissions(directory.path + "/run") == 0o711)
        #expect(redis(socket, "PING") == "+PONG\r\n")
        let pid = try #require(serverPID(outer))
        kill(pid, SIGKILL)
        _ = try await eventually { serverPID(outer).flatMap { $0 == pid ? nil : $0 } }
        // The next one has rights of its own, which it has to be given again.
        _ = try await eventually { permissions(outer) == 0o666 ? true : nil }
        await first.stop()
        // And back: the link makes way for the socket.
        try await redisServer.start()
        var status = stat()
        #expect(lstat(socket, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK)
        await redisServer.stop()
    }

    @Test func `a socket that is named where it is anyway is not replaced by a link to itself`() async throws {
        symlink(directory.path, directory.path + "/alias")
        for path in [socket, "\(directory.path)/alias/state/redis/redis.sock"] {
            let bridge = EmbeddedRedis(
                stateDirectory: directory.path + "/state", config: EmbeddedConfig(socket: path), logger: log.logger)
            try await bridge.start()
            #expect(redis(socket, "PING") == "+PONG\r\n" && redis(path, "PING") == "+PONG\r\n")
            await bridge.stop()
        }
    }

    @Test func `where the socket was may be another's now`() async throws {
        let outer = "\(directory.path)/run/redis.sock"
        let other = EmbeddedRedis(
            stateDirectory: directory.path + "/other", config: EmbeddedConfig(socket: outer), logger: log.logger)
        try await other.start()
        try StateDirectory.create(directory.path + "/state/redis")
        symlink(outer, socket)
        try await redisServer.start()
        #expect(serverPID(socket) != serverPID(outer) && serverPID(socket) != nil)
        await redisServer.stop()
        #expect(redis(outer, "PING") == "+PONG\r\n")
        await other.stop()
    }

    @Test func `sharing needs a place, and a group that is there`() async throws {
        func failure(_ config: EmbeddedConfig) async throws -> EmbeddedRedisError? {
            let redis = EmbeddedRedis(stateDirectory: directory.path + "/state", config: config, logger: log.logger)
            return await #expect(throws: EmbeddedRedisError.self) { try await redis.start() }
        }
        #expect(try await failure(EmbeddedConfig(socketMode: 0o660)) == .noPlaceForSocket)
        let name = "no-such-group"
        let nobody = EmbeddedConfig(socket: "\(directory.path)/run/redis.sock", socketGroup: name)
        #expect(try await failure(nobody) == .noSuchGroup(name))
        #expect(EmbeddedRedisError.noSuchGroup(name).exitCode == EX_CONFIG)
    }

    @Test func `under systemd a shared socket is in the unit's runtime directory`() {
        let shared = EmbeddedConfig(socketMode: 0o660)
        func place(_ config: EmbeddedConfig, _ value: String?) -> String? { config.outerSocket { _ in value } }
        #expect(place(shared, "/run/footbridge/bridge:/run/b") == "/run/footbridge/bridge/redis.sock")
        #expect(place(shared, "relative") == nil)
        #expect(place(EmbeddedConfig(), "/run/footbridge/bridge") == nil)
        #expect(place(EmbeddedConfig(socket: "/run/shop/s"), "/run/footbridge/bridge") == "/run/shop/s")
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
        // Nor is one elsewhere, nor a link that leads nowhere.
        let outer = "\(directory.path)/run/redis.sock"
        mkdir("\(directory.path)/run", 0o700)
        let another = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(try #require(UnixAddress(outer)).withSockaddr { bind(another, $0, $1) } == 0)
        close(another)
        symlink("/nowhere/redis.sock", socket)
        let elsewhere = EmbeddedRedis(
            stateDirectory: directory.path + "/state", config: EmbeddedConfig(socket: outer), logger: log.logger)
        try await elsewhere.start()
        #expect(redis(outer, "PING") == "+PONG\r\n" && redis(socket, "PING") == "+PONG\r\n")
        await elsewhere.stop()
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
        try WholeFile.write(RedisSettings.text(layout, EmbeddedConfig()), to: layout.settings)
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
