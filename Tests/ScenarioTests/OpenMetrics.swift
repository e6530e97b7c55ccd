import Foundation
import TestSupport
import TestThreads
import Testing

/// Both formats of the metrics, read by those who wrote them down: the parsers of Prometheus' own library.
@Suite(.serialized, .ownThreads) struct OpenMetrics {
    /// Prints each sample as a line of JSON: `[family, type, name, labels, value]`.
    private static let parse = """
        import json, sys
        from prometheus_client import parser
        from prometheus_client.openmetrics import parser as open_parser
        parse = {"open": open_parser, "plain": parser}[sys.argv[1]].text_string_to_metric_families
        for family in parse(sys.stdin.read()):
            assert family.samples and family.documentation, family.name
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                print(json.dumps([family.name, family.type, sample.name, labels, str(sample.value)]))
        """

    private struct Sample: Hashable {
        let family: String
        let type: String
        let name: String
        let labels: String
    }

    private func parsed(_ text: String, as format: String) throws -> [Sample: Double] {
        let python = Repository.path(".venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw TestSupportError("there is no .venv/bin/python with prometheus_client: `make test` installs it")
        }
        let directory = try TemporaryDirectory()
        let process = try ChildProcess(
            python, ["-c", Self.parse, format], inputFile: directory.write(text, to: "metrics"))
        guard try process.waitForExit(timeout: .seconds(60)) == .status(0) else {
            throw TestSupportError(process.errorOutput)
        }
        var samples: [Sample: Double] = [:]
        for line in process.output.split(separator: "\n") {
            guard let words = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String], words.count == 5
            else {
                throw TestSupportError("not a sample: \(line)")
            }
            let sample = Sample(family: words[0], type: words[1], name: words[2], labels: words[3])
            #expect(samples[sample] == nil, "twice: \(line)")
            samples[sample] = Double(words[4])
        }
        return samples
    }

    private func scrape(_ admin: AdminProbe, accept: String) throws -> (type: String, text: String) {
        let head = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: \(accept)\r\n\r\n"
        let answer = try exchange(head, port: admin.port)
        let parts = answer.components(separatedBy: "\r\n\r\n")
        let type = parts[0].components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("content-type: ") }
        return (String(type?.dropFirst("content-type: ".count) ?? ""), parts[1])
    }

    @Test func `both formats say the same, and their own parsers take them`() throws {
        // Some of everything: retries, dead letters, filtered entries, names with what has to be escaped, an endpoint that is down.
        let scene = try Scene { request in
            if request.path == "/down" { return .answer(401) }
            if request.text == body(1) { return .answer(422) }
            return request.earlier == 0 && request.text == body(2) ? .answer(503) : .answer(200)
        }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["filter"] = "'.fields.n != \"3\"'"
        scene.file.route.keys["rate"] = "1000/s"
        var other = BridgeFile.Route(name: "down", streams: [#"a \"b\" {c} ä"#], url: scene.receiver.url + "/down")
        other.url = "http://127.0.0.1:\(scene.receiver.port)/down"
        scene.file.routes.append(other)
        try scene.redis.add(numbers: 0..<50)
        try scene.redis.add(numbers: 0..<20, to: #"a "b" {c} ä"#)
        let admin = try AdminProbe(scene.run())
        try scene.waitUntilSettled()
        try eventually("the letter is confirmed") { try admin.metric("entries_dead_lettered_total") == 1 }
        try eventually("the other is down") { try admin.state("down") == "held" }

        let open = try scrape(
            admin, accept: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
        #expect(open.type == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(open.text.hasSuffix("\n# EOF\n"))
        let plain = try scrape(admin, accept: "text/plain;version=0.0.4")
        #expect(plain.type == "text/plain; version=0.0.4; charset=utf-8")
        let (left, right) = try (parsed(open.text, as: "open"), parsed(plain.text, as: "plain"))
        #expect(left.count > 150)
        #expect(Set(left.keys) == Set(right.keys))
        for name in ["read", "delivered", "filtered", "dead_lettered"] {
            for route in ["orders", "down"] {
                let sample = Sample(
                    family: "footbridge_entries_\(name)", type: "counter", name: "footbridge_entries_\(name)_total",
                    labels: "route=\(route)")
                #expect(left[sample] != nil)
                #expect(left[sample] == right[sample])
            }
        }
        let orders = left.filter { $0.key.labels == "route=orders" }
        func value(_ name: String) -> Double? { orders.first { $0.key.name == "footbridge_\(name)" }?.value }
        #expect(value("entries_read_total") == 50)
        #expect(value("entries_filtered_total") == 1)
        #expect(value("entries_dead_lettered_total") == 1)
        #expect(value("entries_delivered_total") == 48)
        #expect(value("delivery_duration_seconds_count") == 48)
        #expect(Set(left.keys.filter { $0.name.hasSuffix("_bucket") }.map(\.type)) == ["histogram"])
        #expect(left.keys.contains { $0.labels.contains(#"stream=a "b" {c} ä"#) })
    }
}
