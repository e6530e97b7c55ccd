internal import Footbridge
internal import FootbridgeHTTP
internal import FoundationEssentials

/// JSON as the API speaks it: keys in snake case, sorted.
enum AdminJSON {
    static func text(_ value: some Encodable) -> String { ReportJSON.text(value) }

    static func decode<Value: AdminBody>(_ type: Value.Type, from bytes: [UInt8]) throws(HTTPError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            let value = try decoder.decode(type, from: Data(bytes))
            let names = try decoder.decode([String: Anything].self, from: Data(bytes)).keys
            if let stranger = names.sorted().first(where: { !type.members.contains($0) }) {
                throw HTTPError(400, "\(UnknownChoice(stranger, what: "member", type.members))")
            }
            return value
        } catch let error as HTTPError {
            throw error
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.keyNotFound(_, let context)
        {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw HTTPError(
                400, "the body has another shape than docs/api.md says\(path.isEmpty ? "" : ", at \(path)")")
        } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
            // It is JSON, and a type of ours says what it wants.
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw HTTPError(400, "\(path): \(context.debugDescription)")
        } catch {
            throw HTTPError(400, "the body is no JSON that could be read")
        }
    }
}

/// The body of a request. What it does not know is refused: a member that is misspelt would be left out, and a letter be replayed as it was.
protocol AdminBody: Decodable, Sendable {
    /// As they stand in JSON.
    static var members: [String] { get }
}

/// Whatever stands there.
private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}
