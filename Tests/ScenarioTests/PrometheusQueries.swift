import Foundation
import TestSupport
import TestThreads
import Testing

/// The board and the alerts, asked of a real Prometheus that scrapes a real bridge.
@Suite(.serialized, .ownThreads) struct PrometheusQueries {
    @Test func `every query of the board and of the alerts is answered`() throws {
        // Something of each kind: accepted, tried again, given up.
        let scene = try Scene { request in
            let number = Int(request.text.filter(\.isNumber)) ?? 0
            if number % 10 == 0 { return .answer(400) }
            return number % 7 == 0 && request["webhook-attempt"] == "1" ? .answer(503) : .answer(200)
        }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        let port = try freePort()
        let config = try scene.directory.write(
            """
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: ["\(Repository.path("monitoring/alerts.yaml"))"]
            scrape_configs:
              - job_name: footbridge
                static_configs: [{ targets: ["127.0.0.1:\(admin.port)"] }]

            """, to: "prometheus.yaml")
        let data = URL(filePath: config).deletingLastPathComponent().appending(path: "prometheus").path
        let prometheus = try ChildProcess(
            "prometheus",
            [
                "--config.file=\(config)", "--storage.tsdb.path=\(data)", "--web.listen-address=127.0.0.1:\(port)",
            ])
        defer { withExtendedLifetime(prometheus) {} }
        func ask(_ query: String) throws -> [NSDictionary] { try Self.ask(query, port: port) }
        func value(_ query: String) -> Double? {
            let sample = (try? ask(query))?.first?["value"] as? [Any]
            return (sample?.last as? String).flatMap(Double.init)
        }
        try eventually("it scrapes", timeout: .seconds(30)) { value("footbridge_entries_read_total") == 0 }
        try scene.redis.add(numbers: 0..<100)
        try scene.waitUntilSettled(timeout: .seconds(30))
        try eventually("it has seen what happened", timeout: .seconds(30)) {
            value("increase(footbridge_entries_dead_lettered_total[1m])") ?? 0 > 0
        }

        let board = try JSONSerialization.jsonObject(
            with: Data(Repository.text("monitoring/grafana-dashboard.json").utf8))
        let panels = try #require((board as? NSDictionary)?["panels"] as? [NSDictionary])
        let queries = panels.flatMap { $0["targets"] as? [NSDictionary] ?? [] }.compactMap { $0["expr"] as? String }
        #expect(queries.count > 20)
        for query in queries {
            let filled = [("$instance", ".*"), ("$route", ".*"), ("$__rate_interval", "1m")]
                .reduce(query) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
            #expect(try !ask(filled).isEmpty, "\(filled)")
        }

        let alerts = try Repository.text("monitoring/alerts.yaml")
            // Long ones are folded.
            .replacing(#/expr: >-\n((?:          .*\n)+)/#) { match in
                "expr: " + match.1.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ") + "\n"
            }
            .split(separator: "\n")
            .compactMap { $0.components(separatedBy: "  expr: ").dropFirst().first }
        #expect(!alerts.isEmpty)
        let due = try alerts.filter { try !ask($0).isEmpty }
        #expect(due == ["sum by (route) (increase(footbridge_entries_dead_lettered_total[10m])) > 0"])
        // With its threshold taken away each has something to compare: no metric is misspelt.
        for alert in alerts {
            let names = alert.matches(of: #/(?:footbridge|process)_[a-z_]+/#).map { String($0.output) }
            for name in names where name != "process_" { #expect(try !ask(name).isEmpty, "\(name)") }
        }
        #expect(try bridge.stop() == .status(0))
    }

    private static func ask(_ query: String, port: UInt16) throws -> [NSDictionary] {
        let encoded = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try exchange("GET /api/v1/query?query=\(encoded) HTTP/1.0\r\n\r\n", port: port)
        let body = answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? NSDictionary
        guard object?["status"] as? String == "success", let data = object?["data"] as? NSDictionary,
            let result = data["result"] as? [NSDictionary]
        else { throw TestSupportError("\(query): \(answer)") }
        return result
    }
}
