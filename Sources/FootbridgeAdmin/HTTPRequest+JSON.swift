internal import Footbridge
internal import FootbridgeHTTP

extension HTTPRequest {
    /// Its body as JSON; an empty one is an empty object.
    func json<Value: AdminBody>(_ type: Value.Type) throws(HTTPError) -> Value {
        try AdminJSON.decode(type, from: body.isEmpty ? Array("{}".utf8) : body)
    }

    /// Refuses a query that asks for something else: a filter that is misspelt would find all.
    func allow(_ names: String...) throws(HTTPError) {
        guard let stranger = query.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw HTTPError(400, "\(UnknownChoice(stranger, what: "parameter", names))")
    }

    /// A number of the query.
    func number(_ name: String, _ range: ClosedRange<Int>, else usual: Int) throws(HTTPError) -> Int {
        guard let text = query[name], !text.isEmpty else { return usual }
        guard let number = Int(text), range.contains(number) else {
            throw HTTPError(400, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
