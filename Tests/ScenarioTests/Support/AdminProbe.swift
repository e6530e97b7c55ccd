import Foundation
import TestSupport

/// Asks the admin server of a bridge.
struct AdminProbe {
    let port: UInt16

    /// Of a bridge that listens; its log tells where.
    init(_ bridge: ChildProcess) throws {
        try bridge.waitForLog("admin server listens")
        let address = bridge.logs("admin server listens").first?.metadata["address"] ?? ""
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw TestSupportError("no port in \(address)")
        }
        self.port = port
    }

    struct Answer: Equatable {
        let status: Int
        let body: String
    }

    func get(_ path: String) throws -> Answer {
        let answer = try exchange("GET \(path) HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", port: port)
        let parts = answer.components(separatedBy: "\r\n\r\n")
        let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status, parts.count == 2 else { throw TestSupportError("no answer: \(answer)") }
        return Answer(status: status, body: parts[1])
    }

    /// Each line of the metrics: name and labels, as they stand there, and the number.
    func metrics() throws -> [String: Double] {
        var values: [String: Double] = [:]
        for line in try get("/metrics").body.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[space...].dropFirst()) else {
                throw TestSupportError("not a metric: \(line)")
            }
            values[String(line[..<space])] = value
        }
        return values
    }

    /// A counter or gauge of the route `orders`, by what stands behind `footbridge_`.
    func metric(_ name: String) throws -> Double? { try metrics()["footbridge_\(name){route=\"orders\"}"] }
}
