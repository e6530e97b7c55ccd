/// A request before it is answered, whatever server it came through.
struct AdminRequest: Sendable, Equatable {
    var method: String
    /// Without the query, as it was sent.
    var path: String
    var query: [String: String] = [:]
    /// By name in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    /// Its body as JSON; an empty one is an empty object.
    func json<Value: Decodable>(_ type: Value.Type) throws(AdminError) -> Value {
        try AdminJSON.decode(type, from: body.isEmpty ? Array("{}".utf8) : body)
    }

    /// A number of the query.
    func number(_ name: String, _ range: ClosedRange<Int>, else usual: Int) throws(AdminError) -> Int {
        guard let text = query[name], !text.isEmpty else { return usual }
        guard let number = Int(text), range.contains(number) else {
            throw AdminError(400, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

/// Why a request cannot be answered as it was meant.
struct AdminError: Error, Equatable {
    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    var answer: AdminAnswer {
        var answer = AdminAnswer.json(status, ["error": message])
        if status == 401 { answer.headers["WWW-Authenticate"] = "Bearer realm=\"footbridge\"" }
        if status == 429 { answer.headers["Retry-After"] = "1" }
        return answer
    }
}
