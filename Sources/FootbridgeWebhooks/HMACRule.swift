/// A signature that is none of Standard Webhooks: an HMAC in a header, as many services make it in a way of their own.
///
/// GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body. Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>` over
/// `<seconds>.<body>`. Slack: `X-Slack-Signature: v0=<hex>` over `v0:<seconds>:<body>`, the seconds in a header of their
/// own. Shopify: `X-Shopify-Hmac-Sha256: <base64>` over the body.
public struct HMACRule: Sendable, Equatable {
    /// Of the header that holds the signature; a token.
    public var header: String
    public var algorithm: HMACAlgorithm
    public var encoding: SignatureEncoding
    /// What is signed; holds `{body}`.
    public var content: SignatureTemplate
    /// What the header says; holds `{signature}`.
    public var value: SignatureTemplate
    /// A header for the timestamp alone; a token.
    public var timestampHeader: String?
    /// The key is its bytes, also where they look like base64 or hexadecimal digits.
    public var secret: SecretBytes

    public init(
        header: String, algorithm: HMACAlgorithm = .sha256, encoding: SignatureEncoding = .hex,
        content: SignatureTemplate = .body, value: SignatureTemplate = .signature, timestampHeader: String? = nil,
        secret: SecretBytes
    ) {
        self.header = header
        self.algorithm = algorithm
        self.encoding = encoding
        self.content = content
        self.value = value
        self.timestampHeader = timestampHeader
        self.secret = secret
    }
}

/// How the bytes of a signature become text.
public enum SignatureEncoding: String, Sendable, Equatable, CaseIterable {
    /// In lower case.
    case hex
    /// With padding (RFC 4648 §4).
    case base64
}
