import FootbridgeCurl
import FootbridgeRedis
import Logging
import TestSupport
import TestThreads
import Testing

@testable import Footbridge

/// What a worker's routes share, when some of them go and come. Nothing is connected here.
@Suite(.waiting) struct WorkerReloadTests {
    private func route(
        _ name: String, url: String = "http://127.0.0.1:1", concurrency: Concurrency = 64, rate: Double? = nil,
        group: String? = nil
    ) -> RouteConfig {
        RouteConfig(
            name: name, streams: ["s"], group: group ?? name, destination: .webhook(WebhookConfig(url: url)),
            concurrency: concurrency, rate: rate.map { RateLimit(perSecond: $0) })
    }

    private func config(_ routes: [RouteConfig]) -> BridgeConfig {
        BridgeConfig(redis: .embedded(), instance: "a", routes: routes)
    }

    private func worker(_ config: BridgeConfig) throws -> Worker {
        try Worker(
            number: 1, config: config, target: RedisTarget(try RedisURL("redis://127.0.0.1:1")),
            rates: RateBook(config.routes), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func reload(_ worker: Worker, from old: BridgeConfig, to new: BridgeConfig) async throws {
        let plan = ReloadPlan(from: old, to: new)
        try await worker.prepare(plan, new, [:])
        await worker.commit(plan, new, rates: RateBook(new.routes))
        await worker.settled()
    }

    @Test func `a kept route is the same object, and the counters of a changed one go on`() async throws {
        let old = config([route("kept"), route("changed"), route("removed")])
        let new = config([route("added"), route("changed", url: "http://127.0.0.1:2"), route("kept")])
        let worker = try worker(old)
        await worker.start()
        let before = await worker.identities
        await worker.count("changed")
        try await reload(worker, from: old, to: new)
        let after = await worker.identities
        #expect(Set(after.keys) == ["added", "changed", "kept"])
        #expect(after["kept"] == before["kept"])
        #expect(after["changed"] != before["changed"])
        let snapshot = await worker.snapshot
        #expect(snapshot.routes.map(\.route) == ["added", "changed", "kept"])
        #expect(snapshot.routes.map(\.figures.delivered) == [0, 7, 0])
        await worker.disconnect()
        await worker.loop.stop()
    }

    @Test func `a route that has left is let go of`() async throws {
        let (old, new) = (config([route("kept"), route("removed")]), config([route("kept")]))
        let worker = try worker(old)
        await worker.start()
        await worker.expectAnswersAtOnce()
        let removed = await worker.weakly("removed")
        #expect(await worker.isAlive(removed))
        try await reload(worker, from: old, to: new)
        let deadline = ContinuousClock.now + .seconds(10)
        while await worker.isAlive(removed), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(await !worker.isAlive(removed))
        await worker.disconnect()
        await worker.loop.stop()
    }

    @Test func `routes to one endpoint follow the strictest rate and the lowest maximum of those that are there`()
        async throws
    {
        let loose = route("loose", concurrency: .auto(maximum: 50))
        let old = config([loose, route("strict", concurrency: .auto(maximum: 10), rate: 1)])
        let worker = try worker(old)
        await worker.start()
        #expect(await worker.endpoint("loose") == Shared(maximum: 10, rate: 1))
        try await reload(
            worker, from: old, to: config([loose, route("strict", concurrency: .auto(maximum: 20), rate: 5)]))
        #expect(await worker.endpoint("loose") == Shared(maximum: 20, rate: 5))
        #expect(await worker.endpoint("strict") == Shared(maximum: 20, rate: 5))
        try await reload(worker, from: config([loose, route("strict")]), to: config([loose]))
        #expect(await worker.endpoint("loose") == Shared(maximum: 50, rate: nil))
        await worker.disconnect()
        await worker.loop.stop()
    }

    @Test func `a worker that stops takes no other routes`() async throws {
        let (old, new) = (config([route("a")]), config([route("b")]))
        let worker = try worker(old)
        await worker.start()
        let plan = ReloadPlan(from: old, to: new)
        try await worker.prepare(plan, new, [:])
        #expect(await worker.drain() == 0)
        await worker.commit(plan, new, rates: RateBook())
        #expect(await worker.identities.keys.sorted() == ["a"])
        await worker.settled()
        await worker.disconnect()
        await worker.loop.stop()
    }

    @Test func `a route that cannot be made leaves everything as it was`() async throws {
        let old = config([route("a", concurrency: .auto(maximum: 50))])
        let worker = try worker(old)
        await worker.start()
        let before = await worker.identities
        // `check` would have found it.
        var broken = route("b", concurrency: .auto(maximum: 10))
        broken.filter = ".["
        let plan = ReloadPlan(from: old, to: config([route("c", concurrency: .auto(maximum: 20)), broken]))
        await #expect(throws: (any Error).self) { try await worker.prepare(plan, config([broken]), [:]) }
        #expect(await worker.identities == before)
        #expect(await worker.endpoint("a") == Shared(maximum: 50, rate: nil))
        await worker.disconnect()
        await worker.loop.stop()
    }
}

private struct Shared: Equatable, Sendable {
    var maximum: Int?
    var rate: Double?
}

private final class Weakly: @unchecked Sendable {
    weak var route: Route?

    init(_ route: Route?) { self.route = route }
}

extension Worker {
    fileprivate var identities: [String: ObjectIdentifier] {
        Dictionary(uniqueKeysWithValues: routes.map { ($0.config.name, ObjectIdentifier($0)) })
    }

    private func route(_ name: String) -> Route? { routes.first { $0.config.name == name } }

    fileprivate func count(_ name: String) { route(name)?.counters.delivered = 7 }

    fileprivate func expectAnswersAtOnce() { context.longestAnswer = .zero }

    fileprivate func weakly(_ name: String) -> Weakly { Weakly(route(name)) }

    fileprivate func isAlive(_ reference: Weakly) -> Bool { reference.route != nil }

    fileprivate func endpoint(_ name: String) -> Shared {
        let endpoint = route(name)?.endpoint
        return Shared(maximum: endpoint?.limit?.maximum, rate: endpoint?.rate?.limit.perSecond)
    }
}
