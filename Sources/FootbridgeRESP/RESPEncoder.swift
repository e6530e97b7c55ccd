/// Builds the bytes of commands, one after the other: `*n`, then each argument as `$length` and its bytes.
///
/// Call `beginCommand`, then `argument` as often as announced. Use one encoder again and again (`removeAll`): its
/// buffer keeps its room.
public struct RESPEncoder: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// With room for about so many bytes.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    public mutating func removeAll(keepingCapacity: Bool = true) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
    }

    /// The command's name counts as an argument.
    public mutating func beginCommand(argumentCount: Int) {
        header(UInt8(ascii: "*"), argumentCount)
    }

    /// Adds whole commands that were encoded elsewhere.
    public mutating func append(_ command: RESPCommand) {
        bytes.append(contentsOf: command.encoded)
    }

    public mutating func argument(_ text: String) {
        var text = text
        text.withUTF8 { argument(UnsafeRawBufferPointer($0)) }
    }

    public mutating func argument(_ text: StaticString) {
        text.withUTF8Buffer { argument(UnsafeRawBufferPointer($0)) }
    }

    public mutating func argument(_ body: [UInt8]) {
        body.withUnsafeBytes { argument($0) }
    }

    public mutating func argument(_ body: ArraySlice<UInt8>) {
        body.withUnsafeBytes { argument($0) }
    }

    public mutating func argument(_ body: UnsafeRawBufferPointer) {
        header(UInt8(ascii: "$"), body.count)
        bytes.append(contentsOf: body)
        lineEnd()
    }

    public mutating func argument(_ body: some Collection<UInt8>) {
        header(UInt8(ascii: "$"), body.count)
        bytes.append(contentsOf: body)
        lineEnd()
    }

    @inlinable
    public mutating func argument(integer value: some BinaryInteger) {
        if let magnitude = UInt64(exactly: value.magnitude) {
            argument(isNegative: value < 0, magnitude: magnitude)
        } else {
            argument(String(value))
        }
    }

    @usableFromInline
    mutating func argument(isNegative: Bool, magnitude: UInt64) {
        withDecimal(magnitude) { digits in
            header(UInt8(ascii: "$"), digits.count + (isNegative ? 1 : 0))
            if isNegative { bytes.append(UInt8(ascii: "-")) }
            bytes.append(contentsOf: digits)
        }
        lineEnd()
    }

    /// All of these, each as one argument: in one go, for growing the buffer step by step takes longer than filling it.
    public mutating func arguments(_ bodies: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
        // "$", 19 digits at most, and two line ends.
        let room = bodies.reduce(0) { $0 + $1.count + 24 }
        bytes.append(addingCapacity: room) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                guard let start = buffer.baseAddress else { return }
                var next = UnsafeMutableRawPointer(start + count)
                for body in bodies { next = write(body, at: next) }
                count = next - UnsafeMutableRawPointer(start)
            }
        }
    }

    /// Two numbers and a byte between them, such as the id of an entry.
    public mutating func argument(_ first: UInt64, _ separator: UInt8, _ second: UInt64) {
        withDecimal(second, after: separator) { tail in
            withDecimal(first) { head in
                header(UInt8(ascii: "$"), head.count + tail.count)
                bytes.append(contentsOf: head)
                bytes.append(contentsOf: tail)
            }
        }
        lineEnd()
    }

    private mutating func header(_ type: UInt8, _ count: Int) {
        withDecimal(UInt64(count.magnitude), after: type) { bytes.append(contentsOf: $0) }
        lineEnd()
    }

    private mutating func lineEnd() {
        let end: StaticString = "\r\n"
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: end.utf8Start, count: 2))
    }
}

/// The digits of a number, behind another byte if one is given: few appends, for each looks at the buffer anew.
private func withDecimal(_ value: UInt64, after first: UInt8? = nil, _ body: (UnsafeRawBufferPointer) -> Void) {
    // The highest has 20 digits.
    withUnsafeTemporaryAllocation(byteCount: 21, alignment: 1) { text in
        var (rest, start) = (value, text.count)
        repeat {
            start -= 1
            text[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if let first {
            start -= 1
            text[start] = first
        }
        body(UnsafeRawBufferPointer(rebasing: text[start...]))
    }
}

/// Writes one argument, and returns where it ends.
private func write(_ body: UnsafeRawBufferPointer, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    var next = start
    func put(_ byte: UInt8) {
        next.storeBytes(of: byte, as: UInt8.self)
        next += 1
    }
    func lineEnd() {
        put(UInt8(ascii: "\r"))
        put(UInt8(ascii: "\n"))
    }
    put(UInt8(ascii: "$"))
    if body.count < 10 {
        put(UInt8(ascii: "0") + UInt8(body.count))
    } else {
        withDecimal(UInt64(body.count)) { for digit in $0 { put(digit) } }
    }
    lineEnd()
    if let first = body.baseAddress { next.copyMemory(from: first, byteCount: body.count) }
    next += body.count
    lineEnd()
    return next
}
