import FootbridgeCurl
import FootbridgeRedis
import Logging
import Synchronization
import Testing

@testable import Footbridge

struct SummaryTests {
    /// Keeps the lines instead of writing them.
    private struct Recorder: LogHandler {
        final class Lines: Sendable {
            let all = Mutex<[String]>([])
        }

        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.all.withLock { $0.append((["\(event.level)", "\(event.message)"] + pairs).joined(separator: " ")) }
        }
    }

    private func line(_ figures: RouteFigures, backlog: Int?) -> [String] {
        let lines = Recorder.Lines()
        let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        Summary.Line(route: "shop", figures: figures, backlog: backlog).tell(logger)
        return lines.all.withLock { $0 }
    }

    @Test func `a line says what was done, what is owed and how long it took`() {
        var figures = RouteFigures()
        (figures.delivered, figures.retried, figures.dead, figures.read) = (100, 7, 2, 109)
        for milliseconds in 1...100 { figures.latency.record(.milliseconds(milliseconds)) }
        // Percentiles are off by at most 1.6 %.
        let texts = line(figures, backlog: 12)
        #expect(texts.count == 1)
        #expect(texts[0].hasPrefix("info summary backlog=12 dead=2 delivered=100 p50_ms="))
        #expect(texts[0].hasSuffix("retried=7 route=shop"))
    }

    @Test func `what is not known is not made up`() {
        #expect(
            line(RouteFigures(), backlog: nil)
                == ["info summary backlog=unknown dead=0 delivered=0 retried=0 route=shop"])
    }

    @Test(
        arguments: [
            (Duration.zero, 0), (.microseconds(99), 0), (.microseconds(100), 0.1), (.microseconds(12_345), 12.3),
            (.milliseconds(1500), 1500), (.seconds(15), 15_000), (.seconds(86_400), 86_400_000),
        ] as [(Duration, Double)])
    func `latencies are told in milliseconds to the tenth`(duration: Duration, expected: Double) {
        #expect(duration.inMilliseconds == expected)
    }

    @Test func `figures add up over workers, and tell what came since`() {
        let counters = RouteCounters()
        (counters.read, counters.delivered, counters.retried, counters.dead) = (4, 3, 2, 1)
        (counters.resumed, counters.takenOver, counters.trimmed) = (5, 6, 7)
        (counters.lostOwnership, counters.acknowledgedTwice) = (8, 9)
        counters.latency.record(.milliseconds(2))
        var sum = RouteFigures()
        sum.add(counters.figures)
        #expect(sum == counters.figures)
        let first = sum
        var more = RouteFigures()
        (more.read, more.delivered, more.acknowledgedTwice) = (10, 10, 1)
        more.latency.record(.milliseconds(2))
        sum.add(more)
        #expect([sum.read, sum.delivered, sum.retried, sum.dead, sum.resumed, sum.takenOver] == [14, 13, 2, 1, 5, 6])
        #expect([sum.trimmed, sum.lostOwnership, sum.acknowledgedTwice, Int(sum.latency.count)] == [7, 8, 10, 2])
        let since = sum.since(first)
        #expect([since.read, since.delivered, since.retried, since.acknowledgedTwice] == [10, 10, 0, 1])
        #expect(since.latency.count == 1)
        #expect(sum.since(sum) == RouteFigures())
    }

    @Test func `each line tells what came since the one before`() async throws {
        let config = BridgeConfig(
            redis: .embedded(), instance: "a",
            routes: [
                RouteConfig(
                    name: "shop", streams: ["s"], group: "g", destination: .webhook(WebhookConfig(url: "http://a")))
            ])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        // Not started, so it needs no Redis.
        let worker = try Worker(
            number: 1, config: config, target: RedisTarget(try RedisURL("redis://localhost")), rates: RateBook(),
            logger: logger)
        let summary = Summary(config: config, workers: [worker], logger: logger)
        var told: [Int] = []
        for delivered in [5, 5, 7] {
            worker.loop.post { worker.assumeIsolated { $0.routes[0].counters.delivered = delivered } }
            told.append(await summary.figures()[0].figures.delivered)
        }
        #expect(told == [5, 0, 2])
        await worker.loop.stop()
    }
}
