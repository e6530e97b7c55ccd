#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What is one value in a field, and in JSON.
protocol FieldScalar {
    /// As the field of a property. `nil`: not this one; it is left to its own coding.
    var field: FieldPart? { get }
    init?(field: ArraySlice<UInt8>)
    /// As a part of a larger value.
    var json: FieldJSON? { get }
    init?(json: FieldJSON)
}

/// The value of a field before all fields are put together.
enum FieldPart {
    case text(String)
    case bytes([UInt8])
    case json(OpenJSON)
}

extension FieldScalar {
    /// What most are: the same number in both.
    var field: FieldPart? {
        switch json {
        case .number(let text)?, .text(let text)?: .text(text)
        case .bool(let value)?: .text(value ? "true" : "false")
        default: nil
        }
    }
}

extension String: FieldScalar {
    init?(field: ArraySlice<UInt8>) { self.init(validating: field, as: UTF8.self) }
    var json: FieldJSON? { .text(self) }
    init?(json: FieldJSON) { if case .text(let text) = json { self = text } else { return nil } }
}

extension Bool: FieldScalar {
    init?(field: ArraySlice<UInt8>) { self.init(String(decoding: field, as: UTF8.self)) }
    var json: FieldJSON? { .bool(self) }
    init?(json: FieldJSON) { if case .bool(let value) = json { self = value } else { return nil } }
}

extension FieldScalar where Self: FixedWidthInteger {
    init?(field: ArraySlice<UInt8>) { self.init(String(decoding: field, as: UTF8.self)) }
    var json: FieldJSON? { .number(description) }
    init?(json: FieldJSON) {
        guard case .number(let text) = json else { return nil }
        self.init(text)
    }
}

extension Int: FieldScalar {}
extension Int8: FieldScalar {}
extension Int16: FieldScalar {}
extension Int32: FieldScalar {}
extension Int64: FieldScalar {}
extension UInt: FieldScalar {}
extension UInt8: FieldScalar {}
extension UInt16: FieldScalar {}
extension UInt32: FieldScalar {}
extension UInt64: FieldScalar {}

extension FieldScalar where Self: BinaryFloatingPoint & LosslessStringConvertible {
    var field: FieldPart? { .text(description) }
    init?(field: ArraySlice<UInt8>) { self.init(String(decoding: field, as: UTF8.self)) }
    var json: FieldJSON? {
        .number(isFinite ? description : isNaN ? "NaN" : self < 0 ? "-Infinity" : "Infinity")
    }
    init?(json: FieldJSON) {
        guard case .number(let text) = json else { return nil }
        self.init(text)
    }
}

extension Double: FieldScalar {}
extension Float: FieldScalar {}

extension [UInt8]: FieldScalar {
    var field: FieldPart? { .bytes(self) }
    init?(field: ArraySlice<UInt8>) { self.init(field) }
    var json: FieldJSON? { .array(map { .number($0.description) }) }
    init?(json: FieldJSON) {
        guard case .array(let elements) = json else { return nil }
        let bytes = elements.compactMap { UInt8(json: $0) }
        guard bytes.count == elements.count else { return nil }
        self = bytes
    }
}

/// The bytes as they are; within a larger value as base64.
extension Data: FieldScalar {
    var field: FieldPart? { .bytes([UInt8](self)) }
    init?(field: ArraySlice<UInt8>) { self.init(field) }
    var json: FieldJSON? { .text(base64EncodedString()) }
    init?(json: FieldJSON) {
        guard case .text(let text) = json else { return nil }
        self.init(base64Encoded: text)
    }
}

extension Decimal: FieldScalar {
    init?(field: ArraySlice<UInt8>) {
        guard let json = FieldJSON(field) else { return nil }
        self.init(json: json)
    }
    var json: FieldJSON? { .number(description) }
    init?(json: FieldJSON) {
        guard case .number(let text) = json else { return nil }
        if text == "NaN" { self = .nan } else { self.init(string: text) }
    }
}

extension URL: FieldScalar {
    init?(field: ArraySlice<UInt8>) {
        guard let text = String(validating: field, as: UTF8.self) else { return nil }
        self.init(string: text)
    }
    /// One that is relative to another is not one text.
    var json: FieldJSON? { baseURL == nil ? .text(absoluteString) : nil }
    init?(json: FieldJSON) {
        guard case .text(let text) = json else { return nil }
        self.init(string: text)
    }
}
