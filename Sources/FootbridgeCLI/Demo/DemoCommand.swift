import ArgumentParser
import CFootbridgeSampleEvents
import Footbridge
import FootbridgeRedis
import FootbridgeWebhooks
import FoundationEssentials
import Glibc
import Logging
import RedisStreams
import ServiceLifecycle

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract:
            "Shows the whole thing at work: Redis, bridge and receiver in one, 200 events, retries, a dead letter.",
        discussion: """
            Starts a private redis-server in a temporary directory and a receiver that fails now and then, runs the \
            bridge between them, sends sample events, and adds up what became of them. Needs redis-server; touches \
            nothing else.

            Exit codes: 0 if sent = delivered + dead-lettered, 1 if not, 69 if something could not be started, \
            130 after Ctrl-C, 143 after SIGTERM.
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("Events per second.", valueName: "n"))
    var rate = 50

    func validate() throws {
        if !(1...10_000).contains(rate) { throw ValidationError("--rate \(rate) is not between 1 and 10000") }
    }

    func run() async throws {
        let directory = try TemporaryState()
        defer { directory.remove() }
        let screen = DemoScreen(output: .standardOutput)
        let ledger = DemoLedger(screen: screen)
        let secret = SigningSecret.random()
        let receiver = Receiver(secret: VerificationKey(secret), rule: DemoRule.answer, report: ledger.add)
        let config: BridgeConfig
        do {
            let port = try await receiver.start()
            let text = DemoConfig.text(port: port)
            screen.config(text)
            config = try ConfigFile.parse(
                text: text, fileName: "demo.yaml",
                environment: ConfigFile.Environment(variables: ["DEMO_SECRET": secret.revealed()], hostName: "demo"))
        } catch {
            throw failure("\(error)", CommandExit.unavailable)
        }
        let result = await Interruptible.run {
            try await carry(config, directory: directory.path, ledger: ledger, screen: screen)
        }
        await receiver.stop()
        let sums = try result.get()
        screen.summary(sums)
        if !sums.holds { throw ExitCode(1) }
    }

    /// Runs Redis and bridge, sends the events, waits until each has come to its end, and stops both.
    private func carry(
        _ config: BridgeConfig, directory: String, ledger: DemoLedger, screen: DemoScreen
    ) async throws -> DemoSums {
        var logger = Logger(label: "demo") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let redis = EmbeddedRedis(stateDirectory: directory, logger: logger, endsWithParent: true)
        do throws(EmbeddedRedisError) {
            try await redis.start()
        } catch {
            throw failure("\(error)", CommandExit.unavailable)
        }
        let url = redis.url
        let bridge = Bridge(config: config, redis: RedisTarget(url), logger: logger)
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [redis, bridge], logger: logger))
        let running = Task { try await group.run() }
        let result: Result<DemoSums, any Error>
        do {
            let client = try await ToolConnection(url, isEmbedded: true).open()
            do {
                result = .success(try await send(to: client, ledger: ledger, screen: screen))
            } catch {
                result = .failure(error)
            }
            await client.close()
        } catch {
            result = .failure(error)
        }
        // However it went: redis-server must not stay behind.
        await group.triggerGracefulShutdown()
        try? await running.value
        return try result.get()
    }

    private func send(to client: RedisClient, ledger: DemoLedger, screen: DemoScreen) async throws -> DemoSums {
        let lines = SampleEvents.text.split(separator: "\n")
        screen.sending(lines.count)
        let start = ContinuousClock.now
        var sent = 0
        for line in lines {
            _ = try await client.call(.add(try EventLine.fields(String(line)), to: DemoConfig.stream))
            sent += 1
            try await Task.sleep(until: start + .seconds(1) * (Double(sent) / Double(rate)))
        }
        // Bounded: with the demo's backoff every event has ended long before.
        let deadline = ContinuousClock.now + .seconds(60)
        var sums = DemoSums(sent: sent)
        repeat {
            try await Task.sleep(for: .milliseconds(100))
            sums.dead = (try? await client.call(.length(of: DemoConfig.deadLetters))) ?? 0
            sums.count(ledger)
            let groups = try await client.call(.groups(of: DemoConfig.stream))
            sums.pending = groups.first.map { $0.pendingCount + ($0.lag ?? 0) } ?? sent
        } while sums.pending > 0 && ContinuousClock.now < deadline
        for letter in try await client.call(.range(DemoConfig.deadLetters)) { screen.deadLetter(letter) }
        return sums
    }
}

/// The events that the demo sends.
enum SampleEvents {
    /// One JSON object per line.
    static var text: String {
        let bytes = UnsafeBufferPointer(start: footbridge_sample_events(), count: footbridge_sample_events_count())
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The configuration that the demo runs with, as a user would write it.
enum DemoConfig {
    static let stream = "events"
    static let deadLetters = "{events}:dead:shop"

    static func text(port: UInt16) -> String {
        """
        redis: embedded
        routes:
          shop:
            stream: \(stream)
            start: beginning
            webhook:
              url: http://127.0.0.1:\(port)/hooks/shop
              allow: [127.0.0.1]
              sign: { secret: "${DEMO_SECRET}" }
            retry: { attempts: 6, backoff: { initial: 400ms, max: 3s } }

        """
    }
}

/// A directory for this run only. Short, for the path of a unix socket has at most 107 bytes.
struct TemporaryState {
    let path: String

    init() throws {
        var template = Array("/tmp/footbridge-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw failure("no directory under /tmp: \(String(cString: strerror(errno)))", CommandExit.unavailable)
        }
        path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
