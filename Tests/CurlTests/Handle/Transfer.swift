import FootbridgeCurl
import LoopTestSupport

typealias TransferResult = Result<TransferResponse, TransportFailure>

/// One request on a loop of its own.
func transfer(
    _ options: TransferOptions, headers: [(StaticString, String)] = [], body: [UInt8] = []
) async throws -> TransferResult {
    try await onLoop { actor in
        let handle = try CurlHandle(loop: actor.loop, options: options)
        return try await callback { try handle.start(request(headers, body), completion: $0) }
    }
}

func transfer(
    _ url: String, timeout: Duration = .seconds(15), responseLimitBytes: Int = 64 * 1024
) async throws -> TransferResult {
    try await transfer(TransferOptions(url: url, timeout: timeout, responseLimitBytes: responseLimitBytes))
}

func request(_ headers: [(StaticString, String)] = [], _ body: [UInt8] = []) -> RequestBuffer {
    var buffer = RequestBuffer()
    for (name, value) in headers { buffer.addHeader(name) { $0.append(contentsOf: value.utf8) } }
    buffer.body = body
    return buffer
}

extension TransferResult {
    var response: TransferResponse? { try? get() }

    var failure: TransportFailure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }

    var failureKind: TransportFailure.Kind? { failure?.kind }
}
