import CFootbridgeOpenSSL

/// Checks the signature of a received webhook, Standard Webhooks `v1` and `v1a`, as a receiver should.
///
/// A request is valid if any of its signatures fits any of the keys. Timestamps may be off by five minutes either
/// way, as in the reference libraries. Signatures of other versions are passed over.
public struct SignatureVerifier: Sendable {
    /// The greatest difference between a request's timestamp and now, in seconds.
    public static let toleranceSeconds: Int64 = 300

    private let keys: [VerificationKey]

    public init(_ keys: [VerificationKey]) {
        self.keys = keys
    }

    /// Checks what these secrets sign.
    public init(_ secrets: [SigningSecret]) {
        keys = secrets.map { VerificationKey($0) }
    }

    /// Judges the three headers (`nil` if absent) and the body as received.
    /// - Parameter now: unix seconds.
    public func verify(
        id: String?, timestamp: String?, signature header: String?, body: UnsafeRawBufferPointer, now: Int64
    ) throws(LibcryptoError) -> VerificationResult {
        guard let id, !id.isEmpty else { return .missing(.id) }
        guard let timestamp, !timestamp.isEmpty else { return .missing(.timestamp) }
        guard let header, !header.isEmpty else { return .missing(.signature) }
        guard !id.utf8.contains(UInt8(ascii: ".")) else { return .malformed(.id) }
        let isDecimal = timestamp.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDecimal, let time = Int64(timestamp) else { return .malformed(.timestamp) }
        let (age, overflow) = now.subtractingReportingOverflow(time)
        guard !overflow, age >= -Self.toleranceSeconds else { return .tooNew }
        guard age <= Self.toleranceSeconds else { return .tooOld }
        let codes = Self.signatures("v1,", ofBytes: HMAC.length, in: header)
        let signatures = Self.signatures("v1a,", ofBytes: Ed25519.signatureLength, in: header)
        guard !codes.isEmpty || !signatures.isEmpty else { return .malformed(.signature) }

        let head = Array("\(id).\(timestamp).".utf8)
        var matches = false
        for key in keys {
            switch key.key {
            case .shared(let secret):
                let hmac = try HMAC(key: secret)
                try hmac.authenticate(head, body)
                // CRYPTO_memcmp takes the same time wherever the difference is.
                for code in codes where CRYPTO_memcmp(code, hmac.code, HMAC.length) == 0 { matches = true }
            case .ed25519(let publicKey):
                if try Ed25519.verifies(signatures, of: head + body, publicKey: publicKey) { matches = true }
            }
        }
        return matches ? .valid : .mismatch
    }

    /// The signatures of a version that have the right length.
    private static func signatures(_ version: String, ofBytes length: Int, in header: String) -> [[UInt8]] {
        header.utf8.split(separator: UInt8(ascii: " ")).compactMap { signature in
            guard signature.starts(with: version.utf8) else { return nil }
            let code = Base64.decode(signature.dropFirst(version.utf8.count))
            return code?.count == length ? code : nil
        }
    }
}

/// What a receiver may think of a request's signature.
public enum VerificationResult: Sendable, Equatable {
    /// A header of Standard Webhooks.
    public enum Header: String, Sendable {
        case id = "webhook-id"
        case timestamp = "webhook-timestamp"
        case signature = "webhook-signature"
    }

    case valid
    case missing(Header)
    /// An id with a `.`, a timestamp that is no number, or no whole signature of a version that we know.
    case malformed(Header)
    case tooOld
    case tooNew
    /// Well formed, but made with another secret or over other bytes.
    case mismatch
}

extension VerificationResult: CustomStringConvertible {
    public var description: String {
        switch self {
        case .valid: "valid"
        case .missing(let header): "\(header.rawValue) is missing"
        case .malformed(let header): "\(header.rawValue) is malformed"
        case .tooOld: "webhook-timestamp is more than \(SignatureVerifier.toleranceSeconds) s in the past"
        case .tooNew: "webhook-timestamp is more than \(SignatureVerifier.toleranceSeconds) s in the future"
        case .mismatch: "no signature fits the secret"
        }
    }
}
