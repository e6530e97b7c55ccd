import Dispatch
import Foundation
import RedisStreams

/// What the producer adds.
struct Order: Codable {
    var number: Int
    var customer: String
    var items: [String]
}

/// At once, also where the output is a file or a pipe, as under systemd and Docker.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

func handle(_ order: Order) async throws {
    say("order \(order.number) of \(order.customer): \(order.items.joined(separator: ", "))")
}

/// Prints what goes wrong.
struct Log: ProcessObserver {
    func willRetry(_ message: Message, after wait: Duration, because error: any Error) {
        say("\(message.place) failed, and comes again in \(wait): \(error)")
    }

    func didBury(_ id: EntryID, of stream: StreamName, because reason: String) {
        say("\(stream) \(id) is a dead letter now: \(reason)")
    }

    func didFail(_ failure: Redis.Failure, of stream: StreamName) {
        say("\(stream): \(failure)")
    }
}

// swift run worker [redis://localhost:6379]
let url = CommandLine.arguments.dropFirst().first ?? "redis://localhost:6379"
let redis = Redis(try RedisConfiguration(url))
let group = redis.consumerGroup("shipping", of: ["orders"])

let work = Task {
    try await group.process(as: Order.self, ProcessOptions(observer: Log())) { order, _ in
        try await handle(order)
    }
}

// Ctrl-C, systemd and Docker ask it to end: it begins nothing new, and what it has handled is acknowledged.
// Handlers have `drainTimeout` to end, 20 s; Docker kills after 10 s unless told otherwise.
let stops = [SIGINT, SIGTERM].map { number in
    signal(number, SIG_IGN)
    let stop = DispatchSource.makeSignalSource(signal: number, queue: .main)
    stop.setEventHandler { work.cancel() }
    stop.resume()
    return stop
}

try await work.value
await redis.close()
withExtendedLifetime(stops) {}
