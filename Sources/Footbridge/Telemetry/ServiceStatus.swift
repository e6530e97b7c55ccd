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
        // Workers have the same routes; a route is as well off as it is where it is worst off.
        let routes = (workers.first?.routes ?? []).indices.map { index in
            workers.compactMap { $0.routes.indices.contains(index) ? $0.routes[index] : nil }
        }
        let obstacles = routes.map { $0.lazy.flatMap(\.obstacles).first }
        let waiting = obstacles.compactMap(\.self)
        let delivering = routes.count - waiting.count
        var parts = [delivering == 0 ? nil : "delivering \(delivering) \(Self.plural(delivering, "route"))"]
        if let first = waiting.first {
            let others = waiting.count > 1 ? " (and \(waiting.count - 1) more)" : ""
            parts.append("stream \(first.stream) is not read: \(first.reason)\(others)")
        }
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
