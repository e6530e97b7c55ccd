import Foundation
import TestSupport

/// What a bridge's `/metrics` say at one moment.
struct Figures: Sendable {
    var values: [String: Double]

    /// - Parameter values: by name and labels, as a bridge tells them.
    init(_ values: [String: Double]) { self.values = values }

    /// - Throws: if the bridge does not answer.
    init(port: UInt16) throws {
        let answer = try exchange("GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", port: port)
        guard answer.hasPrefix("HTTP/1.1 200 ") else { throw TestSupportError("/metrics: \(answer.prefix(100))") }
        var values: [String: Double] = [:]
        for line in answer.split(whereSeparator: \.isNewline) where line.hasPrefix("footbridge_") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[space...].dropFirst()) else { continue }
            values[String(line[..<space])] = value
        }
        self.values = values
    }

    /// Of the bridge, or the sum of its routes and streams, by what stands behind `footbridge_`; `nil` if the bridge
    /// does not tell.
    subscript(name: String) -> Int? {
        let own = values.filter { $0.key == "footbridge_\(name)" || $0.key.hasPrefix("footbridge_\(name){") }
        return own.isEmpty ? nil : Int(own.values.reduce(0, +))
    }
}

/// What a bridge's log told of its whole life when it ended in good order.
struct LastWords: Sendable, Equatable {
    var delivered = 0
    var retried = 0
    var dead = 0

    init(delivered: Int, retried: Int, dead: Int) {
        (self.delivered, self.retried, self.dead) = (delivered, retried, dead)
    }

    /// - Parameter summaries: the lines of that name, one per minute and one at the end, each since the one before it.
    init(summaries: [[String: String]]) {
        func sum(_ key: String) -> Int { summaries.reduce(0) { $0 + ($1[key].flatMap { Int($0) } ?? 0) } }
        (delivered, retried, dead) = (sum("delivered"), sum("retried"), sum("dead"))
    }
}
