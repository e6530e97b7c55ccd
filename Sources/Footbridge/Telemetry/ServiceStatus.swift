/// What `systemctl status` says of a bridge, in one line.
struct ServiceStatus: Equatable {
    let text: String
    /// Redis is reached, and every stream is read, or is another instance's to read.
    let isReading: Bool

    /// - Parameter snapshot: `nil` if a worker's loop does not turn.
    init(_ snapshot: BridgeSnapshot?) {
        guard let workers = snapshot?.workers else {
            self = ServiceStatus("a worker's loop does not turn")
            return
        }
        guard workers.allSatisfy(\.isRedisUp) else {
            self = ServiceStatus("waiting for Redis")
            return
        }
        // A route is as well off as it is where it is worst off.
        let routes = snapshot?.routes ?? []
        let held = routes.count { $0.contains { $0.hold != nil } }
        let waiting = routes.compactMap { workers in
            workers.contains { $0.hold != nil } ? nil : workers.lazy.flatMap(\.streams).first { $0.obstacle != nil }
        }
        let delivering = routes.count - waiting.count - held
        var parts = [delivering == 0 ? nil : "delivering \(delivering) \(Self.plural(delivering, "route"))"]
        if let first = waiting.first, let reason = first.obstacle {
            let others = waiting.count > 1 ? " (and \(waiting.count - 1) more)" : ""
            parts.append("stream \(first.stream) is not read: \(reason)\(others)")
        }
        if let refusal = routes.lazy.flatMap({ $0 }).flatMap(\.refusals).first { parts.append(refusal) }
        parts.append(held == 0 ? nil : "\(held) \(Self.plural(held, "route")) paused or drained")
        let down = routes.map { $0.map(\.endpointsDown).max() ?? 0 }.reduce(0, +)
        parts.append(down == 0 ? nil : "\(down) \(Self.plural(down, "endpoint")) down")
        text = parts.compactMap(\.self).joined(separator: ", ")
        isReading = waiting.isEmpty
    }

    private init(_ text: String) {
        self.text = text
        isReading = false
    }

    /// The bridge stops.
    static func draining(_ unfinished: Int) -> String {
        "stopping, \(unfinished) \(unfinished == 1 ? "entry" : "entries") to finish"
    }

    private static func plural(_ count: Int, _ noun: String) -> String { count == 1 ? noun : noun + "s" }
}
