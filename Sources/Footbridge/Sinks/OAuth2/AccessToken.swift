internal import Curl

/// What a token server gave, and how long it is good for.
struct AccessToken: Equatable {
    /// The value of the header `Authorization`.
    let authorization: [UInt8]
    /// Another one is fetched from here on, while this one still counts; `nil`: when a receiver refuses it.
    var renewAt: MonotonicTime?
    let expiresAt: MonotonicTime?

    /// Why an answer is no token.
    struct Fault: Error, Equatable { let words: String }

    /// Reads the answer of a token server (RFC 6749 §5).
    ///
    /// - Parameter askedAt: when the request was made, for the lifetime may count from its arrival there.
    init(status: Int, body: [UInt8], askedAt: MonotonicTime) throws(Fault) {
        let members = FlatJSON.members(body)
        guard status == 200 else {
            throw Fault(words: "it answers \(status)\(members?["error"].map { " (\(Self.shown($0)))" } ?? "")")
        }
        guard let members else { throw Fault(words: "its answer is no JSON object") }
        guard let token = members["access_token"], !token.isEmpty else {
            throw Fault(words: "its answer holds no access_token")
        }
        guard token.utf8.allSatisfy({ (0x21..<0x7f).contains($0) }) else {
            throw Fault(words: "its access_token cannot stand in a header")
        }
        if let type = members["token_type"], type.lowercased() != "bearer" {
            throw Fault(words: "its tokens are of the type \(Self.shown(type)), not Bearer")
        }
        authorization = Array("Bearer \(token)".utf8)
        guard let seconds = members["expires_in"].flatMap({ Double($0) }), seconds.isFinite else {
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
}
