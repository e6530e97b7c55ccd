import Footbridge
import FootbridgeCurl

extension StatusReport {
    /// What the routes do, as far as instances say, with what is wrong; then what Redis knows: streams, and the consumers of all
    /// groups.
    ///
    /// - Parameters:
    ///   - width: of the terminal; `nil` if lines may be as long as they like.
    ///   - now: milliseconds since 1970.
    func text(width: Int? = nil, now: Int64 = WallClock.milliseconds) -> String {
        var states = TextTable(
            ["ROUTE", "STATE", "FOR", "DELIVERED/S", "FAILED/S", "P99", "WAITING", "INSTANCES"], left: 2)
        var streams = TextTable(["ROUTE", "STREAM", "LENGTH", "UNREAD", "PENDING", "OLDEST", "DEAD LETTERS"], left: 2)
        var consumers = TextTable(["ROUTE", "STREAM", "CONSUMER", "STATE", "PENDING", "IDLE"], left: 4)
        for route in routes {
            states.add(Self.row(route, now))
            for stream in route.streams {
                streams.add(Self.row(route.route, stream))
                for row in Self.consumers(of: stream) { consumers.add([route.route, stream.stream] + row) }
            }
        }
        var parts = [states.text(width: width)]
        let troubles = routes.flatMap { $0.troubles(now: now) }
        if !troubles.isEmpty {
            parts.append(troubles.map { EscapedText.line($0.utf8, columns: width ?? .max) }.joined(separator: "\n"))
        }
        parts.append(streams.text(width: width))
        if !consumers.isEmpty { parts.append(consumers.text(width: width)) }
        return parts.joined(separator: "\n\n")
    }

    private static func row(_ route: Route, _ now: Int64) -> [String] {
        let reports = (route.instances ?? []).map(\.report)
        func sum(_ value: (RouteReport.Rates) -> Double) -> String {
            let rates = reports.compactMap(\.rates)
            return rates.isEmpty ? "-" : "\((rates.reduce(0) { $0 + value($1) } * 10).rounded() / 10)"
        }
        return [
            route.route, route.state?.rawValue ?? "no report", route.since.flatMap { age($0, now) } ?? "-",
            sum(\.delivered), sum(\.failed), reports.compactMap { $0.latencyMs?.p99 }.max().map { "\($0) ms" } ?? "-",
            reports.isEmpty ? "-" : "\(reports.reduce(0) { $0 + $1.waiting })", "\(reports.count)",
        ]
    }

    /// - Parameter time: in ISO 8601.
    static func age(_ time: String, _ now: Int64) -> String? {
        ReportTime.milliseconds(of: time).map { Self.time(Double(max(0, now - $0)) / 1000) }
    }

    private static func row(_ route: String, _ stream: Stream) -> [String] {
        [
            route, stream.stream, stream.length.map(String.init) ?? "?",
            unread(stream),
            stream.pending.map(String.init) ?? "-",
            stream.oldestPendingSeconds.map(Self.time) ?? ((stream.pending ?? 0) > 0 ? "?" : "-"),
            letters(stream),
        ]
    }

    private static func unread(_ stream: Stream) -> String {
        let own = stream.pending == nil ? "no group" : stream.unread.map(String.init) ?? "?"
        return stream.replaying.map { "\(own) + \($0) replayed" } ?? own
    }

    private static func letters(_ stream: Stream) -> String {
        guard stream.deadLetterStream != nil else { return "off" }
        let own = stream.deadLetters.map(String.init) ?? "?"
        return stream.formerDeadLetters.map { "\(own) + \($0) of before" } ?? own
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

extension StatusReport.Route {
    /// What is wrong, and what mends it: a line for each.
    fileprivate func troubles(now: Int64) -> [String] {
        var lines: [String] = []
        if state == nil {
            lines.append("\(route): no report: none runs, it has just begun, or Redis takes no writes: see the log")
        }
        if let state, let reason { lines.append("\(route): \(state.rawValue): \(reason)") }
        for instance in instances ?? [] {
            if let age = instance.silence(now: now) {
                lines.append(
                    "  \(instance.instance): last heard of \(StatusReport.time(age)) ago; Redis takes no reports, or it hangs"
                )
            }
            for refusal in instance.report.refusals ?? [] where state != .refused {
                lines.append("  \(instance.instance): \(refusal)")
            }
            for endpoint in instance.report.endpoints where endpoint.standing != EndpointSnapshot.Standing.well.rawValue
            {
                lines.append("  \(instance.instance): \(endpoint.line(now: now))")
            }
        }
        if state == .held { lines.append("  when it is mended: footbridge retry \(route)") }
        return lines
    }
}

extension StatusReport.Instance {
    /// In seconds; `nil` if its report is no older than reports are.
    fileprivate func silence(now: Int64) -> Double? {
        guard let then = ReportTime.milliseconds(of: at) else { return nil }
        let age = Double(now - then) / 1000
        return age > 8 ? age : nil
    }
}

extension RouteReport.Endpoint {
    fileprivate func line(now: Int64) -> String {
        var parts = [
            "\(endpoint) is \(standing)\(since.flatMap { StatusReport.age($0, now) }.map { " for \($0)" } ?? "")"
        ]
        if let lastError { parts.append(lastError) }
        if let cause { parts.append(cause) }
        if let lastAnswer { parts.append("answer: \(lastAnswer)") }
        if let nextProbeInS { parts.append("next probe in \(StatusReport.time(nextProbeInS))") }
        return parts.joined(separator: "; ")
    }
}
