import FootbridgeCurl
import FootbridgeRedis
import Logging
import TestSupport
import TestThreads
import Testing

@testable import Footbridge

@Suite(.waiting) struct BridgeMonitorTests {
    private let config = BridgeConfig(
        redis: .embedded(), instance: "a",
        routes: [
            RouteConfig(
                name: "orders", streams: ["x", "y"], group: "g", destination: .webhook(WebhookConfig(url: "http://a")))
        ])

    /// Not started, so it needs no Redis.
    private func worker(_ number: Int) throws -> Worker {
        try Worker(
            number: number, config: config, target: RedisTarget(try RedisURL("redis://localhost")), rates: RateBook(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `a bridge that starts answers, and has nothing to tell`() async {
        let monitor = BridgeMonitor()
        #expect(await monitor.loops() == [])
        #expect(await monitor.snapshot() == BridgeSnapshot(phase: .starting, workers: []))
        #expect(await monitor.backlogs() == [:])
    }

    @Test func `a loop that is stuck is told from one that turns, and no sums are made without it`() async throws {
        let monitor = BridgeMonitor(patience: .milliseconds(200))
        let (turning, stuck) = (try worker(1), try worker(2))
        let (begun, released) = (Gate(), Gate())
        stuck.loop.post {
            begun.open()
            _ = released.wait()
        }
        #expect(begun.wait())
        monitor.runs([turning, stuck], config)
        #expect(await monitor.loops() == [true, false])
        #expect(await monitor.snapshot() == nil)
        released.open()
        let patient = BridgeMonitor(patience: .seconds(30))
        patient.runs([turning, stuck], config)
        #expect(await patient.loops() == [true, true])
        let route = RouteSnapshot(
            route: config.routes[0].name, group: config.routes[0].group, concurrency: 64,
            endpoints: [EndpointSnapshot(name: config.routes[0].destination.endpointName, standing: .well)],
            streams: ["x", "y"].map { stream in
                RouteSnapshot.Stream(
                    stream: stream, obstacle: "not connected",
                    deadLetters: config.routes[0].deadLetterStream(of: stream))
            })
        let idle = WorkerSnapshot(isRedisUp: false, redisReconnects: 0, routes: [route])
        #expect(await patient.snapshot() == BridgeSnapshot(phase: .running, workers: [idle, idle]))
        patient.stops()
        #expect(await patient.snapshot()?.phase == .stopping)
        for worker in [turning, stuck] { await worker.loop.stop() }
    }

    @Test func `without Redis what is owed is unknown`() async throws {
        let worker = try worker(1)
        let monitor = BridgeMonitor()
        monitor.runs([worker], config)
        #expect(await monitor.backlogs() == [:])
        await worker.loop.stop()
    }
}
