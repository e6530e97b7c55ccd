internal import FootbridgeCurl
internal import FoundationEssentials

/// What a token server gave, and how long it is good for.
struct AccessToken: Equatable {
    /// The value of the header `Authorization`.
    let authorization: [UInt8]
    /// Another one is fetched from here on, while this one still counts; `nil`: when a receiver refuses it.
    var renewAt: MonotonicTime?
    let expiresAt: MonotonicTime?
    /// Hides it in what receivers answer.
    let mask: SecretMask

    /// Why an answer is no token.
    struct Fault: Error, Equatable { let words: String }

    /// Reads the answer of a token server (RFC 6749 §5).
    ///
    /// - Parameter askedAt: when the request was made, for the lifetime may count from its arrival there.
    init(status: Int, body: [UInt8], askedAt: MonotonicTime) throws(Fault) {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(body))
        guard status == 200 else {
            throw Fault(words: "it answers \(status)\(answer?.error.map { " (\(Self.shown($0)))" } ?? "")")
        }
        guard let answer else { throw Fault(words: "its answer is no JSON object") }
        guard let token = answer.token, !token.isEmpty else {
            throw Fault(words: "its answer holds no access_token")
        }
        guard token.utf8.allSatisfy({ (0x21..<0x7f).contains($0) }) else {
            throw Fault(words: "its access_token cannot stand in a header")
        }
        if let type = answer.type, type.lowercased() != "bearer" {
            throw Fault(words: "its tokens are of the type \(Self.shown(type)), not Bearer")
        }
        authorization = Array("Bearer \(token)".utf8)
        mask = SecretMask(token)
        guard let seconds = answer.lifetime, seconds.isFinite else {
            (renewAt, expiresAt) = (nil, nil)
            return
        }
        let lifetime = Duration.seconds(min(max(0, seconds), 365 * 86_400))
        expiresAt = askedAt + lifetime
        renewAt = askedAt + max(lifetime - .seconds(60), lifetime * 4 / 5)
    }

    /// A word of the server's, for logs.
    private static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { (0x20..<0x7f).contains($0.value) }.prefix(60)))
    }

    /// What is not of the expected type is as if it was not there.
    private struct Answer: Decodable {
        let token: String?
        let type: String?
        /// In seconds; some servers write it as a string.
        let lifetime: Double?
        let error: String?

        private enum CodingKeys: String, CodingKey {
            case token = "access_token"
            case type = "token_type"
            case lifetime = "expires_in"
            case error
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            func text(_ key: CodingKeys) -> String? { try? members.decode(String.self, forKey: key) }
            (token, type, error) = (text(.token), text(.type), text(.error))
            lifetime = (try? members.decode(Double.self, forKey: .lifetime)) ?? text(.lifetime).flatMap { Double($0) }
        }
    }
}
