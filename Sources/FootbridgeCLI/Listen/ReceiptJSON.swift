import Footbridge
import FoundationEssentials

/// A receipt as one line of NDJSON, for programs.
///
/// ```
/// {"attempt":1,"body":"…","headers":{…},"id":"…","method":"POST","path":"/","seen":0,
///  "signature":"ok","status":200,"time":"2026-03-02T09:15:27.250Z"}
/// ```
/// A body that is not UTF-8 comes as `body_base64`; one cut at the receiver's limit has its length as `body_bytes`.
struct ReceiptJSON: Encodable {
    private let time: String
    private let method: String
    private let path: String
    private let status: Int
    private let id: String?
    private let attempt: Int?
    /// Requests with the same id before this one.
    private let seen: Int
    /// `ok`, `wrong`, `unsigned` or `unchecked`.
    private let signature: String
    private let reason: String?
    private let headers: [String: String]
    private let body: String?
    private let bodyBase64: String?
    private let bodyBytes: Int?

    init(_ receipt: Receiver.Receipt) {
        let request = receipt.request
        time = TimeText.format(milliseconds: UInt64(clamping: request.time)) ?? ""
        method = request.method
        path = request.path
        status = receipt.status
        id = request.id
        attempt = request.attempt
        seen = receipt.seen
        switch request.signature {
        case .ok: (signature, reason) = ("ok", nil)
        case .wrong(let why): (signature, reason) = ("wrong", why)
        case .unsigned: (signature, reason) = ("unsigned", nil)
        case .unchecked: (signature, reason) = ("unchecked", nil)
        }
        headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { $1 }
        body = String(validating: request.body, as: UTF8.self)
        bodyBase64 = body == nil ? Data(request.body).base64EncodedString() : nil
        bodyBytes = request.bodyBytes > request.body.count ? request.bodyBytes : nil
    }

    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
