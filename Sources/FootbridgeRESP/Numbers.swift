/// Numbers as the protocol writes them; `nil` if the bytes are something else or too large.

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") <= 9
}

@inline(__always)
private func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
}

/// `[+|-]digits` within 64 bits.
func parseInteger(_ bytes: Span<UInt8>) -> Int64? {
    guard !bytes.isEmpty else { return nil }
    let isNegative = bytes[0] == UInt8(ascii: "-")
    var index = isSign(bytes[0]) ? 1 : 0
    guard index < bytes.count else { return nil }
    var value: Int64 = 0
    while index < bytes.count {
        guard isDigit(bytes[index]) else { return nil }
        let digit = Int64(bytes[index] &- UInt8(ascii: "0"))
        let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        // Downwards for a negative number: the lowest has no positive counterpart.
        let (next, isBeyond) =
            isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
        guard !isTooLarge, !isBeyond else { return nil }
        value = next
        index += 1
    }
    return value
}

/// `[+|-]digits` of any length.
func isDecimal(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    if !bytes.isEmpty, isSign(bytes[0]) { index += 1 }
    return skipDigits(bytes, &index) && index == bytes.count
}

/// `[+|-]digits[.digits][e[+|-]digits]`, `inf`, `-inf`, `nan` and (of servers before 7.2) `-nan`.
func parseDouble(_ bytes: Span<UInt8>) -> Double? {
    let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    switch text {
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    case "nan", "-nan": return .nan
    default: return isFloatingPoint(bytes) ? Double(text) : nil
    }
}

/// Checked here because `Double(_:)` also takes hexadecimal numbers and names.
private func isFloatingPoint(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    if !bytes.isEmpty, isSign(bytes[0]) { index += 1 }
    guard skipDigits(bytes, &index) else { return false }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
        index += 1
        guard skipDigits(bytes, &index) else { return false }
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
        index += 1
        if index < bytes.count, isSign(bytes[index]) { index += 1 }
        guard skipDigits(bytes, &index) else { return false }
    }
    return index == bytes.count
}

/// Steps over digits; false if there are none.
private func skipDigits(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
    let first = index
    while index < bytes.count, isDigit(bytes[index]) { index += 1 }
    return index > first
}
