/// Makes the signatures that an `HMACRule` describes.
///
/// Thread safety: none; one per worker and route.
public final class HMACSigner {
    /// The bytes of the headers' names.
    public let header: [UInt8]
    public let timestampHeader: [UInt8]?

    private let rule: HMACRule
    private let hmac: HMAC
    private var number: [UInt8] = []

    public init(_ rule: HMACRule) throws(LibcryptoError) {
        self.rule = rule
        header = Array(rule.header.utf8)
        timestampHeader = rule.timestampHeader.map { Array($0.utf8) }
        hmac = try HMAC(key: rule.secret.bytes, algorithm: rule.algorithm)
    }

    /// Appends the value of the header.
    ///
    /// - Parameters:
    ///   - id: the value of `webhook-id`, as sent.
    ///   - timestamp: unix seconds of this attempt.
    ///   - body: the bytes sent; read, never copied.
    ///   - line: unchanged if this throws.
    public func sign(
        id: [UInt8], timestamp: Int64, body: UnsafeRawBufferPointer, into line: inout [UInt8]
    ) throws(LibcryptoError) {
        number.removeAll(keepingCapacity: true)
        number.appendDecimal(timestamp)
        try hmac.begin()
        for part in rule.content.parts {
            switch part {
            case .text(let text): try hmac.update(text)
            case .placeholder(.id): try hmac.update(id)
            case .placeholder(.timestamp): try hmac.update(number)
            case .placeholder(.body): try hmac.update(body)
            case .placeholder(.signature): break
            }
        }
        try hmac.finish()
        for part in rule.value.parts {
            switch part {
            case .text(let text): line.append(contentsOf: text)
            case .placeholder(.id): line.append(contentsOf: id)
            case .placeholder(.timestamp): line.append(contentsOf: number)
            case .placeholder(.signature): appendCode(to: &line)
            case .placeholder(.body): break
            }
        }
    }

    private func appendCode(to line: inout [UInt8]) {
        switch rule.encoding {
        case .base64: hmac.code.withUnsafeBytes { Base64.encode($0, into: &line) }
        case .hex:
            for byte in hmac.code {
                line.append(Self.digit(byte >> 4))
                line.append(Self.digit(byte & 15))
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
    }
}

@available(*, unavailable)
extension HMACSigner: Sendable {}
