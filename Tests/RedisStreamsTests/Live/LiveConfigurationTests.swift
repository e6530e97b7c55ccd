import FootbridgeRESP
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import RedisStreams

/// What a configuration says, against real servers.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveConfigurationTests {
    private func configuration(_ server: RedisServer) throws -> RedisConfiguration {
        try RedisConfiguration(server.url)
    }

    @Test func `a client connects with its first call, and has the name and database that were asked for`() async throws
    {
        let server = try await onThread { try RedisServer() }
        var configuration = RedisConfiguration(.tcp(host: "127.0.0.1", port: server.port), database: 3)
        configuration.clientName = "mine"
        let redis = Redis(configuration)
        let list = { try server.probe().command("CLIENT", "LIST").text ?? "" }
        #expect(try !list().contains("name=mine"))
        try await redis.stream("s").add(["n": 1])
        #expect(try list().contains("name=mine"))
        #expect(try list().contains("db=3"))
        await redis.close()
        #expect(await kind { _ = try await redis.send("PING") } == .closed)
    }

    @Test func `a client that was never used can be closed, and is`() async throws {
        let redis = Redis(RedisConfiguration(.tcp(host: "127.0.0.1", port: 1)))
        await redis.close()
        #expect(await kind { _ = try await redis.send("PING") } == .closed)
        #expect(await kind { try await redis.run() } == .closed)
    }

    @Test func `credentials are asked for with each connection`() async throws {
        let server = try await onThread { try RedisServer(.init(password: "first")) }
        let password = Mutex("first")
        let asked = Atomic(0)
        let provide: @Sendable () async throws -> RedisConfiguration.Credentials = {
            asked.add(1, ordering: .relaxed)
            return .init(password: password.withLock(\.self))
        }
        var configuration = RedisConfiguration(.tcp(host: "127.0.0.1", port: server.port))
        configuration.credentials = provide
        let redis = try await Redis.connect(configuration)
        #expect(try await redis.send("PING").text == "PONG")
        #expect(asked.load(ordering: .relaxed) == 1)
        let probe = try server.probe()
        try probe.command("CONFIG", "SET", "requirepass", "second")
        password.withLock { $0 = "second" }
        try probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        // A command that only reads is repeated on the next connection.
        #expect(try await redis.stream("s").count == 0)
        #expect(asked.load(ordering: .relaxed) >= 2)
        await redis.close()
    }

    @Test func `credentials that nobody gives are told`() async throws {
        struct VaultIsSealed: Error {}
        let server = try await onThread { try RedisServer() }
        var configuration = try configuration(server)
        configuration.credentials = { throw VaultIsSealed() }
        let failure = await failure { _ = try await Redis.connect(configuration) }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.description.contains("VaultIsSealed") == true)
        // Whoever never answers has as long as connecting may take.
        configuration.credentials = {
            try await Task.sleep(for: .seconds(600))
            return .init(password: nil)
        }
        configuration.connectTimeout = .milliseconds(200)
        #expect(await kind { _ = try await Redis.connect(configuration) } == .unreachable)
    }

    @Test func `TLS from bytes`() async throws {
        let server = try await onThread { try RedisServer(.init(tls: true, choice: .redis)) }
        let certificates = try #require(server.certificates)
        func bytes(_ path: String) throws -> RedisConfiguration.TLS.PEM {
            .bytes(Array(try Data(contentsOf: URL(filePath: path))))
        }
        let tls = RedisConfiguration.TLS(
            authority: try bytes(certificates.authority), certificate: try bytes(certificates.clientCertificate),
            key: try bytes(certificates.clientKey), serverName: "localhost")
        let redis = try await Redis.connect(
            RedisConfiguration(.tcp(host: "127.0.0.1", port: server.port), tls: tls))
        #expect(try await redis.send("PING").text == "PONG")
        await redis.close()
        let other = RedisConfiguration.TLS(
            authority: tls.certificate, certificate: tls.certificate, key: tls.key, serverName: "localhost")
        let wrong = RedisConfiguration(.tcp(host: "127.0.0.1", port: server.port), tls: other)
        #expect(await kind { _ = try await Redis.connect(wrong) } == .unreachable)
    }

    @Test func `at the cap a blocking call waits for its turn, and says what the cap is`() async throws {
        let server = try await onThread { try RedisServer() }
        var configuration = try configuration(server)
        configuration.blockingConnections = 1
        let redis = Redis(configuration)
        let stream = redis.stream("s")
        let first = Task { try await stream.read(after: .beginning, waiting: .forever) }
        try await LiveRedis(server: server, redis: redis).waitUntilBlocked()
        let failure = await failure {
            _ = try await redis.with(deadline: .milliseconds(50)).stream("s").read(waiting: .upTo(.seconds(20)))
        }
        #expect(failure?.kind == .unreachable && failure?.mayHaveRun == false)
        #expect(failure?.description.contains("all 1 connections") == true)
        async let second = redis.with(deadline: .seconds(30)).stream("s").read(waiting: .upTo(.seconds(20)))
        try await stream.add(["n": 1])
        #expect(try await first.value.count == 1)
        #expect(try await second.count == 1)
        await redis.close()
    }

    @Test func `a client that is closed gives what was sent its reply, and ends reads that wait`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        _ = try await redis.send("PING")
        let read = Task { try await redis.stream("s").read(waiting: .forever) }
        try await live.waitUntilBlocked()
        // The server works on these while the client is closed.
        let slow = redis.begin([StreamCommand<Int>(["EVAL", Self.slowScript, 0]) { $0.integer.map { Int($0) } }])
        await redis.close()
        #expect(try await slow.values() == [7])
        #expect(await kind { _ = try await read.value } == .closed)
        #expect(await kind { _ = try await redis.send("PING") } == .closed)
    }

    /// Some tenths of a second; the clock stands still in a script.
    private static let slowScript = "for i = 1, 20000000 do end return 7"

    @Test func `run ends with its task, after a close`() async throws {
        let server = try await onThread { try RedisServer() }
        let redis = Redis(try configuration(server))
        var events = redis.events.makeAsyncIterator()
        let running = Task { try await redis.run() }
        #expect(await events.next() == .connected(server: "127.0.0.1:\(server.port)"))
        running.cancel()
        try await running.value
        #expect(await events.next() == nil)
        #expect(await kind { _ = try await redis.send("PING") } == .closed)
    }

    @Test func `a connection that is lost and found again is told once, to all who listen and to the log`() async throws
    {
        let server = try await onThread { try RedisServer() }
        let log = CollectedLog()
        let redis = try await Redis.connect(try configuration(server), logger: log.logger)
        var (one, other) = (redis.events.makeAsyncIterator(), redis.events.makeAsyncIterator())
        let connected = RedisEvent.connected(server: "127.0.0.1:\(server.port)")
        #expect(await one.next() == connected)
        #expect(await other.next() == connected)
        try await onThread { try server.restart() }
        for event in [await one.next(), await other.next()] {
            guard case .lost(let reason)? = event else { return #expect("\(event as Any)" == "lost") }
            #expect(reason.isTransient)
        }
        #expect(await one.next() == connected)
        #expect(await other.next() == connected)
        await redis.close()
        #expect(await one.next() == nil)
        #expect(log.lines == ["warning Redis is unreachable", "notice Redis is back"])
    }

    @Test func `a deadline of its own`() async throws {
        let live = try await LiveRedis.start()
        let probe = try live.server.probe()
        try probe.command("CLIENT", "PAUSE", "3000", "WRITE")
        let failure = await failure {
            try await live.redis.with(deadline: .milliseconds(100)).stream("s").add(["n": 1])
        }
        #expect(failure?.kind == .timedOut && failure?.mayHaveRun == true)
        await live.redis.close()
    }

    @Test func `what is wrong with a configuration is told by the first call`() async throws {
        var configuration = RedisConfiguration(.tcp(host: "127.0.0.1"), database: -1)
        #expect(await kind { _ = try await Redis(configuration).send("PING") } == .invalidConfiguration)
        configuration.database = 0
        configuration.clientName = "two words"
        #expect(await kind { try await Redis(configuration).run() } == .invalidConfiguration)
        configuration.clientName = nil
        configuration.endpoint = .tcp(host: "a b")
        #expect(await kind { _ = try await Redis.connect(configuration) } == .invalidConfiguration)
        configuration.endpoint = .unix(path: "")
        #expect(await kind { _ = try await Redis.connect(configuration) } == .invalidConfiguration)
    }
}

/// A log that is kept: level and message.
private final class CollectedLog: Sendable {
    private let collected = Mutex<[String]>([])

    var lines: [String] { collected.withLock(\.self) }
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.collected.withLock { $0.append("\(event.level) \(event.message)") } }
    }
}
