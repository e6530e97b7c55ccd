internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import RedisStreams

/// Adds `traceparent`: that of a field, or a new one.
struct TraceParentWriter {
    /// `nil`: every request begins a trace.
    private let field: [UInt8]?
    private let missing: WithoutTrace
    private var generator = SystemRandomNumberGenerator()

    /// `nil` if requests have none.
    init?(_ config: TraceParentConfig) {
        switch config {
        case .off: return nil
        case .create: (field, missing) = (nil, .create)
        case .field(let name, let missing): (field, self.missing) = (Array(name.utf8), missing)
        }
    }

    /// A field that holds no valid one counts as missing, as W3C asks of whoever gets one.
    ///
    /// - Parameter delivery: `nil` for a request that carries several: it belongs to the trace of none.
    mutating func addHeader(of delivery: Delivery?, to buffer: inout RequestBuffer) {
        if let field, let found = delivery?.fields.first(where: { $0.name.elementsEqual(field) }),
            TraceParent.isValid(found.value)
        {
            return buffer.addHeader("traceparent") { $0.append(contentsOf: found.value) }
        }
        guard missing == .create else { return }
        buffer.addHeader("traceparent") { TraceParent.append(random: &generator, to: &$0) }
    }
}
