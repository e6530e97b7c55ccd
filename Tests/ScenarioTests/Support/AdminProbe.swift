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
        try ask("GET", path)
    }

    /// What changes something; the body is JSON.
    func post(_ path: String, _ body: String = "", headers: [String] = []) throws -> Answer {
        try ask("POST", path, body, headers: headers)
    }

    func ask(
        _ method: String, _ path: String, _ body: String = "", host: String = "localhost", headers: [String] = [],
        type: String = "application/json"
    ) throws -> Answer {
        let lines =
            ["\(method) \(path) HTTP/1.1", "host: \(host)", "connection: close"] + headers
            + (method == "GET" ? [] : ["content-type: \(type)", "content-length: \(body.utf8.count)"])
        let answer = try exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + body, port: port)
        let parts = answer.components(separatedBy: "\r\n\r\n")
        let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status, parts.count == 2 else { throw TestSupportError("no answer: \(answer)") }
        return Answer(status: status, body: parts[1])
    }

    /// An answer of the API.
    func json(_ path: String) throws -> NSDictionary {
        let answer = try get(path)
        guard answer.status == 200,
            let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? NSDictionary
        else { throw TestSupportError("\(path): \(answer)") }
        return object
    }

    /// What the API says of the route `orders`.
    func route(_ name: String = "orders") throws -> NSDictionary { try json("/api/v1/routes/\(name)") }

    func state(_ name: String = "orders") throws -> String? { try route(name)["state"] as? String }

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
