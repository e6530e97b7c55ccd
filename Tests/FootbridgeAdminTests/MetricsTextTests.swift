import Testing

@testable import FootbridgeAdmin

@Suite struct MetricsTextTests {
    /// The example of the format's own page, as far as it applies.
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-example>
    @Test func `families have their help, their type and their lines`() {
        var text = MetricsText()
        text.add(
            "http_requests_total", .counter, "The total number of HTTP requests.",
            [
                .init(["method": "post", "code": "200"], 1027), .init(["method": "post", "code": "400"], 3),
            ])
        text.add("metric_without_labels", .gauge, "Help.", [.init([:], 12.47)])
        #expect(
            text.text == """
                # HELP http_requests_total The total number of HTTP requests.
                # TYPE http_requests_total counter
                http_requests_total{method="post",code="200"} 1027
                http_requests_total{method="post",code="400"} 3
                # HELP metric_without_labels Help.
                # TYPE metric_without_labels gauge
                metric_without_labels 12.47

                """)
    }

    @Test func `what is unknown is not there`() {
        var text = MetricsText()
        text.add("nothing", .gauge, "Help.", [])
        #expect(text.text == "")
    }

    @Test func `label values are escaped`() {
        var text = MetricsText()
        text.add("a", .gauge, "Help.", [.init(["stream": "C:\\DIR\\\"x\"\n{ü}"], 1)])
        #expect(text.text.hasSuffix(#"a{stream="C:\\DIR\\\"x\"\n{ü}"} 1"# + "\n"))
    }

    @Test(arguments: [
        (0, "0"), (-3, "-3"), (1e15, "1000000000000000"), (0.25, "0.25"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        (.nan, "NaN"), (1e300, "1e+300"),
    ])
    func numbers(value: Double, text: String) {
        #expect(MetricsText.number(value) == text)
    }
}
