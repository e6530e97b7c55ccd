internal import FootbridgeJQ
internal import FootbridgeWebhooks
internal import RedisStreams

/// Shows the entries of one route to its programs.
struct EntryInput {
    private let streams: [[UInt8]]
    private let dataField: [UInt8]?
    private var id: [UInt8] = []

    init(of route: RouteConfig) {
        streams = route.streams.map { Array($0.utf8) }
        dataField = route.dataField.map { Array($0.utf8) }
    }

    /// Begins the runs that see this entry; `machine.end` ends them.
    mutating func begin(
        _ machine: JQMachine, _ key: EntryKey, _ fields: EntryFields, attempt: Int
    ) throws(UnmakeableRequest) {
        id.removeAll(keepingCapacity: true)
        id.appendDecimal(key.id.milliseconds)
        id.append(UInt8(ascii: "-"))
        id.appendDecimal(key.id.sequence)
        let (id, stream, dataField) = (id, streams[key.stream], dataField)
        let result = fields.withUnsafeFields { fields in
            id.withUnsafeBytes { id in
                stream.withUnsafeBytes { stream -> Result<Void, JQFailure> in
                    do throws(JQFailure) {
                        return .success(
                            try machine.begin(
                                id: id, stream: stream, timestamp: Double(key.id.milliseconds) / 1000,
                                attempt: attempt, fields: fields, dataField: dataField))
                    } catch {
                        return .failure(error)
                    }
                }
            }
        }
        guard case .failure(let failure) = result else { return }
        if case .failed(let message) = failure { throw UnmakeableRequest("data_field", "is no JSON: \(message)") }
        throw UnmakeableRequest("data_field", failure)
    }
}
