internal import Footbridge
internal import FoundationEssentials
internal import HTTP

/// JSON as the API speaks it: keys in snake case, sorted.
enum AdminJSON {
    static func text(_ value: some Encodable) -> String { ReportJSON.text(value) }

    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(HTTPError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch DecodingError.typeMismatch(_, let context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw HTTPError(
                400, "the body has another shape than docs/api.md says\(path.isEmpty ? "" : ", at \(path)")")
        } catch {
            throw HTTPError(400, "the body is no JSON that could be read")
        }
    }
}
