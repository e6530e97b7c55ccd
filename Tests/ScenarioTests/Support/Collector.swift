import Foundation
import TestSupport

/// Takes the spans of a bridge, as a collector of OpenTelemetry does.
final class Collector {
    let receiver: ScriptedReceiver

    /// - Parameter script: what it does with each request.
    init(_ script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }) throws {
        receiver = try ScriptedReceiver(script)
    }

    var url: String { "http://127.0.0.1:\(receiver.port)" }

    /// A span as OpenTelemetry's own messages read it.
    struct Span {
        let trace: String
        let id: String
        let parent: String
        let name: String
        /// 3: client, 4: producer.
        let kind: Int
        let start: Int64
        let end: Int64
        let flags: Int
        /// 2: error.
        let status: Int
        let message: String
        let attributes: [String: String]
        let resource: [String: String]
        let links: [Link]

        struct Link: Hashable {
            let trace: String
            let id: String
            let entry: String?
        }

        var traceParent: String { "00-\(trace)-\(id)-01" }

        subscript(attribute: String) -> String? { attributes[attribute] }
    }

    /// Of all requests that were accepted.
    func spans() throws -> [Span] {
        let requests = receiver.ledger.filter(\.action.accepts)
        return try requests.isEmpty
            ? []
            : WebhookPeer.otlp.judge(requests).flatMap { answer in
                guard let spans = answer["value"] as? [[String: Any]] else { throw TestSupportError("\(answer)") }
                return try spans.map { try Span($0) }
            }
    }

    /// How many spans were accepted: counted by their ids, without a look at the rest.
    var count: Int {
        receiver.ledger.filter(\.action.accepts).reduce(0) {
            $0 + $1.text.components(separatedBy: "\"startTimeUnixNano\"").count - 1
        }
    }

    func waitFor(_ count: Int, timeout: Duration = .patience) throws -> [Span] {
        try eventually("\(count) spans", timeout: timeout) { self.count >= count }
        return try spans()
    }
}

extension Collector.Span {
    fileprivate init(_ object: [String: Any]) throws {
        func get<Value>(_ key: String, of object: [String: Any]) throws -> Value {
            guard let value = object[key] as? Value else { throw TestSupportError("\(key) of \(object)") }
            return value
        }
        func texts(_ key: String, of object: [String: Any]) throws -> [String: String] {
            try (get(key, of: object) as [String: Any]).mapValues { "\($0)" }
        }
        trace = try get("trace", of: object)
        id = try get("span", of: object)
        parent = try get("parent", of: object)
        name = try get("name", of: object)
        kind = try get("kind", of: object)
        start = (try get("start", of: object) as NSNumber).int64Value
        end = (try get("end", of: object) as NSNumber).int64Value
        flags = try get("flags", of: object)
        status = try get("status", of: object)
        message = try get("message", of: object)
        attributes = try texts("attributes", of: object)
        resource = try texts("resource", of: object)
        links = try (get("links", of: object) as [[String: Any]]).map {
            Link(
                trace: try get("trace", of: $0), id: try get("span", of: $0),
                entry: try texts("attributes", of: $0)["messaging.message.id"])
        }
    }
}
