import RedisStreams

/// What the worker gets. Each property is a field of the entry; `items` is JSON in its field.
struct Order: Codable {
    var number: Int
    var customer: String
    var items: [String]
}

// swift run producer [redis://localhost:6379]
let url = CommandLine.arguments.dropFirst().first ?? "redis://localhost:6379"
let redis = try await Redis.connect(url)
let orders = redis.stream("orders")

for number in 1...10 {
    let order = Order(number: number, customer: "c-\(number % 3)", items: ["tea", "cups"])
    // About the last 100,000 orders are kept.
    let id = try await orders.add(EntryFields(encoding: order), trimming: .length(100_000))
    print("added order \(number) as \(id)")
}

await redis.close()
