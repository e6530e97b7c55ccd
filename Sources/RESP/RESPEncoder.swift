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
        header(UInt8(ascii: "$"), digitCount(magnitude) + (isNegative ? 1 : 0))
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        digits(magnitude)
        lineEnd()
    }

    private mutating func header(_ type: UInt8, _ count: Int) {
        bytes.append(type)
        digits(UInt64(count.magnitude))
        lineEnd()
    }

    private mutating func lineEnd() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func digits(_ value: UInt64) {
        guard value > 9 else { return bytes.append(UInt8(ascii: "0") + UInt8(value)) }
        let first = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: digitCount(value)))
        var (rest, index) = (value, bytes.count)
        while index > first {
            index -= 1
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    private func digitCount(_ value: UInt64) -> Int {
        var (rest, count) = (value, 1)
        while rest > 9 {
            rest /= 10
            count += 1
        }
        return count
    }
}
