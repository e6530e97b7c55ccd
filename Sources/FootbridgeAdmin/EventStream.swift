internal import Footbridge

/// `/api/v1/events`: the status once a second, and with it the attempts of a route, as server-sent events
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
struct EventStream: Sendable {
    let route: String?
    let monitor: BridgeMonitor
    let reporter: Reporter

    private static let interval = Duration.seconds(1)
    /// Of a route, at a time: of what is faster, the latest are shown.
    private static let attemptsAtOnce = 200

    /// Ends when nobody reads them any more. Nothing is made for somebody who does not keep up.
    var parts: AsyncStream<[UInt8]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(4))
        let task = Task {
            var wish = AttemptWish()
            (wish.route, wish.limit) = (route, Self.attemptsAtOnce)
            while !Task.isCancelled {
                if let report = await reporter.report() {
                    continuation.yield(Self.event("status", AdminJSON.text(report)))
                } else {
                    continuation.yield(Array(": the loop of a worker does not turn\n\n".utf8))
                }
                if let route, let config = monitor.config?.routes.first(where: { $0.name == route }) {
                    let page = await AttemptPage.make(wish, [config], monitor)
                    wish.after = page.next.split(separator: "-").compactMap { UInt64($0) }
                    if !page.attempts.isEmpty { continuation.yield(Self.event("attempts", AdminJSON.text(page))) }
                }
                try? await Task.sleep(for: Self.interval)
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// JSON of one line needs no escaping.
    private static func event(_ name: String, _ data: String) -> [UInt8] {
        Array("event: \(name)\ndata: \(data)\n\n".utf8)
    }
}
