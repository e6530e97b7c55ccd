import TestSupport

/// One Redis, three bridges, each with a receiver and a proxy, the producers, and the ledgers of both ends.
final class Scene {
    /// Of all requests, so many are answered badly.
    static let usualShare = 0.03

    let settings: Settings
    let server: RedisServer
    let control: Control
    let entries: EntryBook
    let receipts: ReceiptBook
    let plan: ReceiverPlan
    let runs = RunBook()
    let bridges: [Bridge]
    let producers: [Producer]
    private let directory: TemporaryDirectory
    /// Bridges that ended by themselves.
    var fallen: [String] = []
    /// Connections that the proxies cut.
    var cuts = 0

    init(_ settings: Settings) throws {
        self.settings = settings
        server = try RedisServer(
            .init(appendOnly: true, choice: settings.server, arguments: ["--appendfsync", "always"]))
        control = Control(server: server)
        entries = EntryBook(count: settings.entries)
        receipts = ReceiptBook(count: settings.entries)
        plan = ReceiverPlan(seed: settings.seed)
        directory = try TemporaryDirectory()
        let (receipts, plan, runs, directory, port) = (receipts, plan, runs, directory, server.port)
        bridges = try (0..<Settings.bridges).map { index in
            try Bridge(
                index: index, settings: settings, redisPort: port,
                receiver: ChaosReceiver(plan: plan, book: receipts), runs: runs, directory: directory)
        }
        let (server, entries) = (server, entries)
        producers = (0..<Settings.producers).map {
            Producer(number: $0, settings: settings, server: server, book: entries)
        }
    }

    /// Lets the producers go on; `isProducing` until they have done it.
    func produce(upTo count: Int) { for producer in producers { producer.produce(upTo: count) } }
    var isProducing: Bool { producers.contains { !$0.isDone } }

    /// Waits until nothing is pending and nothing unread; whether it came to that.
    func drain(within seconds: Double) -> Bool {
        eventually(within: seconds, every: 0.05) { (try? control.unsettled()) == 0 }
    }

    /// Ends the bridges in good order; their statuses.
    func stopBridges() throws -> [ChildProcess.Exit?] {
        for bridge in bridges { bridge.signal(15) }
        return try bridges.map { try $0.waitForExit(within: Settings.drainTimeout + 5) }
    }
}
