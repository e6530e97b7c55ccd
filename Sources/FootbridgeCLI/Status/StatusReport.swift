import Footbridge
import FoundationEssentials

/// What `footbridge status` shows. What is `nil` is unknown, or there is no such group.
struct StatusReport: Encodable, Equatable {
    struct Route: Encodable, Equatable {
        let route: String
        let group: String
        let claimAfterSeconds: Double
        let streams: [Stream]
        /// What the instances say together; `nil` if none says anything.
        var state: RouteReport.State?
        var reason: String?
        /// ISO 8601.
        var since: String?
        /// What each instance says that left a report within the last seconds.
        var instances: [Instance]?

        init(route: String, group: String, claimAfterSeconds: Double, streams: [Stream]) {
            self.route = route
            self.group = group
            self.claimAfterSeconds = claimAfterSeconds
            self.streams = streams
        }

        /// - Parameters:
        ///   - hold: as it stands in the group.
        ///   - reports: of instances.
        mutating func add(_ hold: HoldMark?, _ reports: [InstanceReport]) {
            let found = reports.compactMap { report in
                report.routes.first { $0.route == route && $0.group == group }.map {
                    Instance(instance: report.instance, at: report.at, report: $0)
                }
            }
            instances = found.isEmpty ? nil : found
            let worst = found.map(\.report).min { Self.rank($0.state) < Self.rank($1.state) }
            (state, reason, since) = (worst?.state, worst?.reason, worst?.since)
            guard let hold else { return }
            since = ReportTime.text(milliseconds: hold.since)
            if hold.hold == .paused { (state, reason) = (.paused, "footbridge resume \(route)") }
            guard hold.hold == .draining else { return }
            let isDrained = !found.isEmpty && found.allSatisfy { $0.report.state == .drained }
            (state, reason) = (isDrained ? .drained : .draining, "footbridge resume \(route)")
        }

        /// What people should see first.
        private static func rank(_ state: RouteReport.State) -> Int {
            [.held, .failing, .waiting, .refused, .paused, .draining, .drained, .reading, .standby].firstIndex(
                of: state) ?? 0
        }
    }

    struct Instance: Encodable, Equatable {
        let instance: String
        let at: String
        let report: RouteReport
    }

    struct Stream: Encodable, Equatable {
        let stream: String
        var length: Int?
        var unread: Int?
        var pending: Int?
        /// Entries that were replayed and are not settled yet; `nil` if there are none.
        var replaying: Int?
        /// By its id.
        var oldestPendingSeconds: Double?
        /// Pending entries that an instance handed over when it stopped, and that nobody has taken yet.
        var handedOver: Int?
        /// `nil`: dead letters are off.
        var deadLetterStream: String?
        var deadLetters: Int?
        /// Where earlier versions put the letters of all routes; `nil` if there are none.
        var formerDeadLetterStream: String?
        var formerDeadLetters: Int?
        var consumers: [Consumer] = []
        /// Why this cannot work.
        var error: String?

        init(stream: String) { self.stream = stream }
    }

    struct Consumer: Encodable, Equatable {
        let name: String
        let pending: Int
        let idleSeconds: Double
        /// It showed life within `claim_after`.
        let alive: Bool
    }

    let routes: [Route]

    var errors: [String] {
        routes.flatMap { route in
            route.streams.compactMap { stream in
                stream.error.map { "route \(route.route), stream \(EscapedText.line(stream.stream.utf8)): \($0)" }
            }
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
