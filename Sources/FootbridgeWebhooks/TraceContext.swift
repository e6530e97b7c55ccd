/// A place in a trace, as the header `traceparent` tells it.
public struct TraceContext: Sendable, Hashable {
    /// 16 bytes, not all of them zero.
    public struct TraceID: Sendable, Hashable {
        public let high: UInt64
        public let low: UInt64

        public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

        /// As many bits as W3C asks to be random: who decides by them which traces to keep decides as others do
        /// (<https://www.w3.org/TR/trace-context-2/#random-trace-id-flag>).
        public var randomness: UInt64 { low & (1 << 56 - 1) }

        /// 32 hexadecimal digits.
        public func append(to out: inout [UInt8]) {
            out.appendHexadecimal(high)
            out.appendHexadecimal(low)
        }
    }

    public var trace: TraceID
    /// Not zero.
    public var span: UInt64
    /// Whether whoever began the trace wants it to be recorded.
    public var isSampled: Bool

    public init(trace: TraceID, span: UInt64, isSampled: Bool) {
        (self.trace, self.span, self.isSampled) = (trace, span, isSampled)
    }

    /// `nil` if the text is none that `TraceParent.isValid` takes.
    public init?(traceParent text: ArraySlice<UInt8>) {
        guard TraceParent.isValid(text) else { return nil }
        let text = Array(text)
        trace = TraceID(high: Self.number(text[3..<19]), low: Self.number(text[19..<35]))
        span = Self.number(text[36..<52])
        isSampled = Self.number(text[53..<55]) & 1 == 1
    }

    /// Appends the value of the header.
    public func append(to out: inout [UInt8]) {
        out.append(contentsOf: "00-".utf8)
        trace.append(to: &out)
        out.append(UInt8(ascii: "-"))
        out.appendHexadecimal(span)
        out.append(contentsOf: isSampled ? "-01".utf8 : "-00".utf8)
    }

    /// - Parameter digits: hexadecimal ones in lower case.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64 {
        digits.reduce(0) { number, digit in
            number << 4 | UInt64(digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10)
        }
    }
}

extension [UInt8] {
    /// Appends 16 digits in lower case.
    public mutating func appendHexadecimal(_ value: UInt64) {
        append(addingCapacity: 16) { span in
            span.withUnsafeMutableBufferPointer { target, written in
                for index in 0..<16 {
                    let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index) & 15)
                    target[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                }
                written = 16
            }
        }
    }
}
