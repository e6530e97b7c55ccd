extension [UInt8] {
    /// Appends the decimal digits of `value`, a `-` before them if it is negative.
    public mutating func appendDecimal(_ value: some FixedWidthInteger) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let magnitude = UInt64(value.magnitude)
        var length = 1
        var rest = magnitude / 10
        while rest > 0 {
            length &+= 1
            rest /= 10
        }
        append(addingCapacity: length) { span in
            span.withUnsafeMutableBufferPointer { target, written in
                var rest = magnitude
                for index in stride(from: length - 1, through: 0, by: -1) {
                    target[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                written = length
            }
        }
    }
}
