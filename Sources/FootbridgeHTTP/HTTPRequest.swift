/// A request before it is answered.
package struct HTTPRequest: Sendable, Equatable {
    package var method: String
    /// What is asked for, as it was sent: mostly the path and the query.
    package var target: String
    /// Without the query, as it was sent.
    package var path: String
    package var query: [String: String]
    /// By name in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    /// The length of the body as it was sent; more than the body has where `HTTPLimits.cutsBodies`.
    package var bodyBytes: Int

    package init(
        method: String, target: String? = nil, path: String, query: [String: String] = [:],
        headers: [String: String] = [:], body: [UInt8] = []
    ) {
        self.method = method
        self.target = target ?? path
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        bodyBytes = body.count
    }
}
