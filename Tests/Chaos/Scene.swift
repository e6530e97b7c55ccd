import TestSupport

/// Redis, three bridges, each with a receiver and a proxy, the producers, and the ledgers of both ends.
final class Scene {
    let settings: Settings
    let redis: RedisService
    let control: Control
    let entries: EntryBook
    let receipts: ReceiptBook
    let plan: ReceiverPlan
    let runs = RunBook()
    let bridges: [Bridge]
    let producers: [Producer]
    let directory: TemporaryDirectory
    /// Bridges that ended by themselves.
    var fallen: [String] = []
    /// Connections that the proxies cut.
    var cuts = 0
    let stalls = StallWatch()
    /// Entries whose dead letters were replayed.
    var replayed: Set<EntryID> = []

    init(_ settings: Settings) throws {
        self.settings = settings
        redis = try RedisService(settings)
        control = Control(redis: redis, streams: settings.streams, routes: settings.routes)
        entries = EntryBook(count: settings.entries)
        receipts = ReceiptBook(count: settings.entries)
        plan = ReceiverPlan(settings)
        directory = try TemporaryDirectory()
        let identity = settings.tls ? try TLSIdentity(in: directory) : nil
        let (receipts, plan, runs, directory, redis) = (receipts, plan, runs, directory, redis)
        bridges = try (0..<Settings.bridges).map { index in
            try Bridge(
                index: index, settings: settings, redis: redis,
                receiver: ChaosReceiver(
                    index: index, streams: settings.streams, identity: identity, plan: plan, book: receipts),
                runs: runs, directory: directory)
        }
        let entries = entries
        producers = (0..<Settings.producers).map {
            Producer(number: $0, settings: settings, redis: redis, book: entries)
        }
    }

    /// Lets the producers go on; `isProducing` until they have done it.
    func produce(upTo count: Int) { for producer in producers { producer.produce(upTo: count) } }
    /// Holds the producers where they are, or lets them go on.
    func rest(_ isResting: Bool) { for producer in producers { producer.rest(isResting) } }
    var isProducing: Bool { producers.contains { !$0.isDone } }

    /// Waits until nothing is pending and nothing unread; whether it came to that.
    func drain(within seconds: Double) -> Bool {
        eventually(within: seconds, every: 0.05) { (try? control.unsettled()) == 0 }
    }

    /// Waits until no bridge has anything under way or waiting, by its own account.
    func waitForRest(within seconds: Double) -> Bool {
        let names = ["requests_in_flight", "entries_queued", "entries_parked"]
        return eventually(within: seconds, every: 0.05) {
            let figures = runs.figures
            return figures.count == bridges.count && figures.allSatisfy { all in names.allSatisfy { all[$0] == 0 } }
        }
    }

    /// The bridge that delivers a stream whose entries are kept in order; `nil` while none does.
    func holder(of stream: Int) -> Bridge? {
        guard settings.ordering != .none, let name = try? control.leaseHolder(of: stream) else { return nil }
        return bridges.first { $0.owns(name) }
    }

    /// Ends the bridges in good order; their statuses.
    func stopBridges() throws -> [ChildProcess.Exit?] {
        for bridge in bridges { bridge.signal(15) }
        return try bridges.map { try $0.waitForExit(within: Settings.drainTimeout + 5) }
    }
}
