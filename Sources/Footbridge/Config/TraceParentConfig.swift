/// Where the header `traceparent` of W3C Trace Context comes from.
public enum TraceParentConfig: Sendable, Equatable {
    /// Requests have none.
    case off
    /// A new trace begins with each request.
    case create
    /// Passed on from a field as it is.
    case field(String, missing: WithoutTrace)
}

/// What to do for an entry without a valid `traceparent`.
public enum WithoutTrace: String, Sendable, Equatable, CaseIterable {
    /// Sends none.
    case omit
    /// Begins a new trace.
    case create
}

extension TraceParentConfig {
    /// Reads `traceparent` of a webhook: `false`, `create`, or `{ field: NAME }`.
    init(_ webhook: Section) {
        self = .off
        webhook.note("traceparent", type: "false, create or map", defaultText: "false")
        let (scalar, section) = webhook.choice("traceparent", or: "false, create")
        section.note("field", type: "string", defaultText: "none")
        var missing = WithoutTrace.omit
        let field = section.find("field")
        section.name("missing", &missing)
        section.finish()
        if let field {
            if let name = section.value(at: field, ConfigText.name) { self = .field(name, missing: missing) }
        } else if section.exists {
            section.missing("field", "write traceparent: { field: NAME }, or traceparent: create")
        }
        guard let scalar else { return }
        let read = webhook.value(at: scalar) { text throws(Complaint) -> TraceParentConfig in
            switch text.text {
            case "false": return .off
            case "create": return .create
            default: throw Complaint("\(text.shown) is unknown; write false, create or { field: NAME }")
            }
        }
        if let read { self = read }
    }
}
