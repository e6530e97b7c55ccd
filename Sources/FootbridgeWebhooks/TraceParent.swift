/// The header `traceparent` of W3C Trace Context: `<version>-<trace id>-<parent id>-<flags>`, all in lower-case hexadecimal
/// digits. <https://www.w3.org/TR/trace-context/#traceparent-header>
public enum TraceParent {
    /// Whether a receiver can use it: 55 characters of version 00, or a later version, which may have more behind them.
    public static func isValid(_ text: some Collection<UInt8>) -> Bool {
        let text = Array(text)
        guard text.count >= 55 else { return false }
        let (version, trace, parent, flags) = (text[0..<2], text[3..<35], text[36..<52], text[53..<55])
        guard [version, trace, parent, flags].allSatisfy({ $0.allSatisfy(isDigit) }),
            [2, 35, 52].allSatisfy({ text[$0] == UInt8(ascii: "-") })
        else { return false }
        guard trace.contains(where: { $0 != UInt8(ascii: "0") }), parent.contains(where: { $0 != UInt8(ascii: "0") })
        else { return false }
        if version.elementsEqual("ff".utf8) { return false }
        if text.count == 55 { return true }
        return !version.elementsEqual("00".utf8) && text[55] == UInt8(ascii: "-") && HeaderRules.isSafeValue(text)
    }

    /// Appends a new one: a random trace, sampled.
    public static func append(
        random generator: inout some RandomNumberGenerator, to out: inout [UInt8]
    ) {
        // An id of zeros is invalid.
        let (trace, parent) = (
            UInt64.random(in: 1 ... .max, using: &generator), UInt64.random(in: 1 ... .max, using: &generator)
        )
        let id = TraceContext.TraceID(high: trace, low: UInt64.random(in: .min ... .max, using: &generator))
        TraceContext(trace: id, span: parent, isSampled: true).append(to: &out)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
