/// An answer before it is HTTP.
struct AdminAnswer: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Parts that follow as they come, without an end that is known.
        case parts(AsyncStream<[UInt8]>)
    }

    var status: Int
    var contentType: String
    var body: Body
    var headers: [String: String] = [:]
    /// `false`: it is an answer to HEAD.
    var hasBody = true

    init(status: Int, contentType: String, body: Body) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    init(status: Int, contentType: String, body: String) {
        self.init(status: status, contentType: contentType, body: .bytes(Array(body.utf8)))
    }

    static func text(_ status: Int, _ body: String) -> AdminAnswer {
        AdminAnswer(status: status, contentType: "text/plain; charset=utf-8", body: body)
    }

    static func json(_ status: Int, _ value: some Encodable) -> AdminAnswer {
        AdminAnswer(status: status, contentType: "application/json", body: AdminJSON.text(value) + "\n")
    }

    /// Its body as text, if it has an end.
    var text: String? {
        guard case .bytes(let bytes) = body else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
