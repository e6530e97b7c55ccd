import RedisStreams

/// What is wrong with some of several streams. It does not keep the others from being served, and is told in the end.
struct StreamFaults: Error {
    private(set) var faults: [(stream: String, failure: Redis.Failure)] = []

    /// What `body` gives; `nil` if it failed because of this very stream.
    mutating func serve<Value>(_ stream: String, _ body: () async throws -> Value) async throws -> Value? {
        do {
            return try await body()
        } catch let failure as Redis.Failure where failure.isOfStream {
            faults.append((stream, failure))
            return nil
        }
    }

    /// - Throws: itself, if there is anything to tell.
    func end() throws { if !faults.isEmpty { throw self } }
}

extension Redis.Failure {
    /// Whether another stream may be in order.
    fileprivate var isOfStream: Bool {
        switch kind {
        case .noStream, .noGroup, .wrongType, .notAllowed: true
        default: false
        }
    }
}

extension Redis {
    /// - Throws: `noStream`, with which every command ends in the same way.
    func requireStream(_ name: String) async throws { _ = try await stream(name).info() }
}
