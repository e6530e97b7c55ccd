/// An answer before it is HTTP.
package struct HTTPAnswer: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Parts that follow as they come, without an end that is known.
        case parts(AsyncStream<[UInt8]>)
    }

    package var status: Int
    /// `nil`: there is nothing of any type.
    package var contentType: String?
    package var body: Body
    package var headers: [String: String] = [:]
    /// `false`: it is an answer to HEAD.
    package var hasBody = true

    package init(status: Int, contentType: String?, body: Body) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    package init(status: Int, contentType: String, body: String) {
        self.init(status: status, contentType: contentType, body: .bytes(Array(body.utf8)))
    }

    package static func text(_ status: Int, _ body: String) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "text/plain; charset=utf-8", body: body)
    }

    /// Its body as text, if it has an end.
    package var text: String? {
        guard case .bytes(let bytes) = body else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
