import Testing

@testable import Footbridge

/// What `systemctl status` says.
struct ServiceStatusTests {
    private func status(_ workers: WorkerSnapshot...) -> ServiceStatus {
        ServiceStatus(BridgeSnapshot(phase: .running, workers: workers))
    }

    private func worker(isRedisUp: Bool = true, _ routes: RouteSnapshot...) -> WorkerSnapshot {
        WorkerSnapshot(isRedisUp: isRedisUp, redisReconnects: 0, routes: routes)
    }

    private let stuck = RouteSnapshot(route: "stuck", streams: [.init(stream: "orders", obstacle: "NOPERM")])

    private let other = RouteSnapshot(route: "other", streams: [.init(stream: "refunds", obstacle: "NOPERM")])

    @Test func `all is well`() {
        let status = status(worker(RouteSnapshot(route: "a"), RouteSnapshot(route: "b"), RouteSnapshot(route: "c")))
        #expect(status.text == "delivering 3 routes")
        #expect(status.isReading)
    }

    @Test func `an endpoint that is down counts once, whatever the number of workers`() {
        let status = status(worker(RouteSnapshot(endpointsDown: 1)), worker(RouteSnapshot(endpointsDown: 1)))
        #expect(status.text == "delivering 1 route, 1 endpoint down")
        #expect(status.isReading)
    }

    @Test func `one of several routes does not read`() {
        let status = status(worker(RouteSnapshot(), stuck))
        #expect(status.text == "delivering 1 route, stream orders is not read: NOPERM")
        #expect(!status.isReading)
    }

    @Test func `no route reads, on one of two workers`() {
        let status = status(worker(stuck, other), worker(stuck, other))
        #expect(status.text == "stream orders is not read: NOPERM (and 1 more)")
        #expect(!status.isReading)
    }

    @Test func `a route that was paused is neither delivered nor waited for`() {
        let paused = RouteSnapshot(
            route: "paused", hold: HoldMark(.paused, since: 0), streams: [.init(stream: "orders", obstacle: "x")])
        let status = status(worker(RouteSnapshot(), paused))
        #expect(status.text == "delivering 1 route, 1 route paused or drained")
        #expect(status.isReading)
    }

    @Test func `Redis is away, or a loop hangs`() {
        #expect(status(worker(RouteSnapshot()), worker(isRedisUp: false, stuck)).text == "waiting for Redis")
        #expect(ServiceStatus(nil).text == "a worker's loop does not turn")
        #expect(!ServiceStatus(nil).isReading)
    }

    @Test func `what is left at the end`() {
        #expect(ServiceStatus.draining(1) == "stopping, 1 entry to finish")
        #expect(ServiceStatus.draining(20) == "stopping, 20 entries to finish")
    }
}
