internal import FootbridgeRESP

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What can be an argument of a raw command or the value of a field: text, bytes, numbers, truth values, ids, names of streams.
///
/// Redis knows only bytes. Text is stored as UTF-8, a number as its decimal digits, a truth value as `true` or `false`.
/// An enumeration with such raw values needs no code: `enum Colour: String, RedisArgument`. An `Optional` does not conform:
/// whether `nil` means an empty field or no field is up to you.
public protocol RedisArgument: Sendable {
    /// Appends the bytes that are sent to Redis; leaves what is already in `bytes` alone.
    func appendBytes(to bytes: inout [UInt8])
}

extension RedisArgument {
    /// The bytes that Redis gets.
    var redisBytes: [UInt8] {
        var bytes: [UInt8] = []
        appendBytes(to: &bytes)
        return bytes
    }
}

extension String: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

extension Substring: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

extension [UInt8]: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

extension ArraySlice<UInt8>: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

extension Data: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { withUnsafeBytes { bytes.append(contentsOf: $0) } }
}

extension Bool: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { (self ? "true" : "false").appendBytes(to: &bytes) }
}

/// The shortest decimal digits that read back as the same number; `inf`, `-inf`, `nan` as Redis writes them.
extension Double: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { description.appendBytes(to: &bytes) }
}

extension Float: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { description.appendBytes(to: &bytes) }
}

extension Int: RedisArgument {}
extension Int8: RedisArgument {}
extension Int16: RedisArgument {}
extension Int32: RedisArgument {}
extension Int64: RedisArgument {}
extension UInt: RedisArgument {}
extension UInt8: RedisArgument {}
extension UInt16: RedisArgument {}
extension UInt32: RedisArgument {}
extension UInt64: RedisArgument {}

extension RedisArgument where Self: FixedWidthInteger {
    public func appendBytes(to bytes: inout [UInt8]) { description.appendBytes(to: &bytes) }
}

extension RedisArgument where Self: RawRepresentable, RawValue: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { rawValue.appendBytes(to: &bytes) }
}

/// Written `ms-seq`.
extension EntryID: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { description.appendBytes(to: &bytes) }
}

extension StreamName: RedisArgument {
    public func appendBytes(to bytes: inout [UInt8]) { bytes.append(contentsOf: self.bytes) }
}

/// An argument on its way into a command.
struct ArgumentBytes: RESPArgument {
    let bytes: [UInt8]

    init(_ argument: any RedisArgument) { bytes = argument.redisBytes }

    func encode(into encoder: inout RESPEncoder) { encoder.argument(bytes) }
}
