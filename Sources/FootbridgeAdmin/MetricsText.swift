/// The text format of Prometheus, version 0.0.4, while it is put together.
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
struct MetricsText {
    enum Kind: String { case counter, gauge, histogram }

    /// One line: the labels with their values, and a number.
    struct Sample {
        /// Behind the name of the family: `_bucket`, `_sum` and `_count` of a histogram.
        var suffix: String
        var labels: KeyValuePairs<String, String>
        var value: Double

        init(_ labels: KeyValuePairs<String, String>, _ value: Double, suffix: String = "") {
            self.labels = labels
            self.value = value
            self.suffix = suffix
        }

        init(_ labels: KeyValuePairs<String, String>, _ value: Int) { self.init(labels, Double(value)) }
    }

    /// OpenMetrics 1.0 in place of it: <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    private let isOpen: Bool
    private(set) var text = ""

    init(isOpen: Bool = false) { self.isOpen = isOpen }

    /// What a scraper says that it takes.
    static func wantsOpen(_ accept: String?) -> Bool { accept?.contains("application/openmetrics-text") ?? false }

    var contentType: String {
        isOpen
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8"
    }

    /// With its end, where the format has one.
    var whole: String { isOpen ? text + "# EOF\n" : text }

    /// All samples of one name; nothing at all if there are none, which is how something unknown is told.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        // In OpenMetrics the family of a counter has the name without `_total`.
        let family = isOpen && kind == .counter && name.hasSuffix("_total") ? String(name.dropLast(6)) : name
        text += "# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n"
        for sample in samples {
            text += name + sample.suffix
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
                text += "{\(labels.joined(separator: ","))}"
            }
            text += " \(Self.number(sample.value))\n"
        }
    }

    /// Label values may hold anything but a bare `\`, `"` or line feed.
    private static func escaped(_ value: String) -> String {
        value.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Whole numbers without `.0`.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : value.isNaN ? "NaN" : "\(value)"
    }
}
