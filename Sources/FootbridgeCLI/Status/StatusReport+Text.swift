extension StatusReport {
    /// Two tables: streams, then the consumers of all groups.
    var text: String {
        var streams = TextTable(["ROUTE", "STREAM", "LENGTH", "UNREAD", "PENDING", "OLDEST", "DEAD LETTERS"], left: 2)
        var consumers = TextTable(["ROUTE", "STREAM", "CONSUMER", "STATE", "PENDING", "IDLE"], left: 4)
        for route in routes {
            for stream in route.streams {
                streams.add(Self.row(route.route, stream))
                for row in Self.consumers(of: stream) { consumers.add([route.route, stream.stream] + row) }
            }
        }
        return consumers.isEmpty ? streams.text : "\(streams.text)\n\n\(consumers.text)"
    }

    private static func row(_ route: String, _ stream: Stream) -> [String] {
        let hasGroup = stream.pending != nil
        return [
            route, stream.stream, stream.length.map(String.init) ?? "?",
            hasGroup ? stream.unread.map(String.init) ?? "?" : "no group",
            stream.pending.map(String.init) ?? "-",
            stream.oldestPendingSeconds.map(Self.time) ?? ((stream.pending ?? 0) > 0 ? "?" : "-"),
            stream.deadLetterStream == nil ? "off" : stream.deadLetters.map(String.init) ?? "?",
        ]
    }

    private static func consumers(of stream: Stream) -> [[String]] {
        var rows = stream.consumers.map { consumer in
            [consumer.name, consumer.alive ? "alive" : "dead", "\(consumer.pending)", time(consumer.idleSeconds)]
        }
        if let count = stream.handedOver, count > 0 { rows.append(["none", "handed over", "\(count)", "-"]) }
        return rows
    }

    /// In two units at most: `0.4s`, `12s`, `5m12s`, `3h5m`, `2d3h`.
    static func time(_ seconds: Double) -> String {
        guard seconds >= 1 else { return "\(Int(seconds * 10) == 0 ? "0" : "0.\(Int(seconds * 10))")s" }
        let whole = Int(min(seconds, 1e12))
        let units: [(name: String, size: Int)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
        let first = units.firstIndex { whole >= $0.size } ?? 3
        let rest = first < 3 ? whole % units[first].size / units[first + 1].size : 0
        let head = "\(whole / units[first].size)\(units[first].name)"
        return rest == 0 ? head : "\(head)\(rest)\(units[first + 1].name)"
    }
}
