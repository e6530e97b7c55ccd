import RedisStreams
import Synchronization
import TestSupport
import Testing

/// What the article on groups shows of workers.
@Suite(.timeLimit(.minutes(3)), .onEveryServer) struct WorkerArticle {
    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add(_ number: Int) { count.withLock { $0 += number } }
    }

    private struct Order: Codable {
        var number: Int
        var customer: String
    }

    private struct Away: Error {}

    @Test func `a worker that survives`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let group = redis.consumerGroup("shipping", of: ["orders"])
        let orders = redis.stream("orders")
        // One is trimmed while it is pending for the worker, since an earlier life.
        try await group.create()
        try await orders.add(["number": 0])
        try await group.consumer("worker.1").read()
        try await orders.trim(to: 0, .exact)
        for number in 1...3 { try await orders.add(EntryFields(encoding: Order(number: number, customer: "c"))) }
        try await orders.add(["number": "none"])
        let counter = Counter()

        struct Metrics: ProcessObserver {
            let retries: Counter

            func willRetry(_ message: Message, after wait: Duration, because error: any Error) { retries.add(1) }
        }

        @Sendable func ship(_ order: Order, attempt: Int) async throws {
            if order.number == 2, attempt == 1 { throw Away() }
            if order.number == 3 { throw MessageRejected("no such customer") }
        }

        var options = ProcessOptions(concurrency: 8, order: .byKey { $0["customer"] ?? "" }, attempts: 5)
        options.backoff = Backoff(initial: .milliseconds(10), maximum: .seconds(60))
        options.observer = Metrics(retries: counter)

        options.consumer = "worker.1"
        let work = Task { [options] in
            try await group.process(as: Order.self, options) { order, message in
                try await ship(order, attempt: message.deliveryCount ?? 1)
            }
        }
        try await live.eventually("all are settled") {
            try $0.command("XPENDING", "orders", "shipping").elements.first == 0
                && $0.command("XLEN", "orders:dead") == 3
        }
        work.cancel()
        try await work.value

        var reasons: [String] = []
        for try await letter in redis.stream("orders:dead")[...] {
            reasons.append("\(letter["id"] ?? ""): \(letter["reason"] ?? "")")
        }

        #expect(counter.value == 1)
        #expect(reasons.contains { $0.hasSuffix("rejected: no such customer") })
        #expect(reasons.contains { $0.contains("malformed: ") })
        #expect(reasons.contains { $0.hasSuffix(": trimmed") })

        let letters = redis.stream("orders:dead")
        let newest = try await letters[...].reversed().first?.id ?? .zero
        for try await letter in letters[...newest] {  // what is buried meanwhile stays
            let own = letter.fields.filter { $0.name.starts(with: "field.".utf8) }
            guard !own.isEmpty else { continue }  // trimmed: the fields are lost
            let fields = EntryFields(own.map { (name: $0.name.dropFirst(6), value: $0.value) })
            _ = try await redis.transaction {
                ($0.add(fields, to: "orders"), $0.delete([letter.id], from: "orders:dead"))
            }
        }

        let added = try await orders[...].reversed().prefix(2).entries()
        #expect(Set(added.map { $0["number"] }) == ["3", "none"])
        #expect(try await letters[...].entries().map { $0["reason"] } == ["trimmed"])
        await redis.close()
    }

    @Test func `what is away is waited for, by the next worker, too`() async throws {
        struct DatabaseAway: Error {}
        final class Database: Sendable {
            let rows = Mutex<[EntryID]?>(nil)
            func insert(_ message: Message) async throws {
                try rows.withLock {
                    guard $0 != nil else { throw DatabaseAway() }
                    $0?.append(message.id)
                }
            }
        }
        let live = try await LiveRedis.start()
        let redis = live.redis
        let group = redis.consumerGroup("shipping", of: ["orders"])
        let id = try await redis.stream("orders").add(["number": 1])
        let database = Database()

        @Sendable func work() async throws {
            try await group.process { message in
                do {
                    try await database.insert(message)
                } catch is DatabaseAway {
                    throw MessagePostponed(for: .seconds(120))
                }
            }
        }

        let first = Task { try await work() }
        try await live.eventually("the attempt is not counted") {
            try $0.command("XPENDING", "orders", "shipping", "-", "+", "10").elements.first?.elements.last == 0
        }
        first.cancel()
        try await first.value
        database.rows.withLock { $0 = [] }
        // No attempt is counted, so whoever takes it over waits for nothing.
        let second = Task { try await work() }
        try await live.eventually("it is handled", timeout: .seconds(60)) {
            try $0.command("XPENDING", "orders", "shipping").elements.first == 0
        }
        second.cancel()
        try await second.value
        #expect(database.rows.withLock { $0 } == [id])
        await redis.close()
    }

    @Test func `the rights that the article gives a worker are enough`() async throws {
        let live = try await LiveRedis.start()
        let article = try Repository.text("Sources/RedisStreams/RedisStreams.docc/Operating.md")
        let lines = article.split(separator: "\n").filter { $0.hasPrefix("ACL SETUSER ") }
        #expect(lines.count == 1)
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            try await live.eventually("the user is there") {
                try $0.command(words.map { Array($0.utf8) }) == .simple("OK")
            }
        }
        try await live.redis.stream("orders").add(["number": 1, "customer": "c"])
        try await live.redis.stream("orders").add(["number": "none"])

        let redis = try await Redis.connect("redis://worker:secret@127.0.0.1:\(live.server.port)")
        let work = Task {
            try await redis.consumerGroup("shipping", of: ["orders"]).process(as: Order.self) { _, _ in }
        }
        try await live.eventually("one is handled, one is buried") {
            try $0.command("XPENDING", "orders", "shipping").elements.first == 0
                && $0.command("XLEN", "orders:dead") == 1
        }
        work.cancel()
        try await work.value
        await redis.close()
        await live.redis.close()
    }
}
