import Testing

@testable import FootbridgeWebhooks

@Suite struct TraceContextTests {
    /// <https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers>, and one of a later version.
    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false),
        ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more", true),
    ])
    func `what a field says is read`(text: String, isSampled: Bool) throws {
        let context = try #require(TraceContext(traceParent: Array(text.utf8)[...]))
        #expect(context.trace == .init(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
        #expect(context.span == 0x00f0_67aa_0ba9_02b7 && context.isSampled == isSampled)
        var written: [UInt8] = []
        context.append(to: &written)
        #expect(
            String(decoding: written, as: UTF8.self) == "00" + text.dropFirst(2).prefix(51) + (isSampled ? "01" : "00"))
    }

    @Test(arguments: [
        "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r",
    ])
    func `what is no traceparent is none`(text: String) {
        #expect(TraceContext(traceParent: Array(text.utf8)[...]) == nil)
    }

    /// By Python's hashlib. Instances of different versions deliver one entry: another figure here would split its trace.
    @Test func `the trace of an entry never changes`() throws {
        let hash = try EntryHash(stream: "orders".utf8, namespace: "shop")
        let trace = hash.traceID(milliseconds: 1_700_000_000_000, sequence: 5)
        #expect(trace == .init(high: 0x67bc5ba17210c76b, low: 0x3a7146cefa035d3b))
        #expect(
            try EntryHash(stream: "orders".utf8, namespace: "shop").traceID(
                milliseconds: 1_700_000_000_000, sequence: 5) == trace)
    }

    @Test func `entries, streams and namespaces have traces of their own, spread evenly`() throws {
        var traces: Set<TraceContext.TraceID> = []
        var buckets = [Int](repeating: 0, count: 16)
        let places: [(String, String?)] = [("orders", nil), ("refunds", nil), ("orders", "a"), ("orders", "b")]
        for (stream, namespace) in places {
            let hash = try EntryHash(stream: stream.utf8, namespace: namespace)
            for number in 0..<4000 as Range<UInt64> {
                // As Redis makes them: several in a millisecond.
                let trace = hash.traceID(milliseconds: 1_700_000_000_000 + number / 4, sequence: number % 4)
                traces.insert(trace)
                buckets[Int(trace.randomness >> 52)] += 1
            }
        }
        #expect(traces.count == 16_000)
        // 1,000 each; the deviation is 31.
        #expect(buckets.allSatisfy { (850...1150).contains($0) }, "\(buckets)")
    }
}
