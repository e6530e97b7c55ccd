import Footbridge
import FootbridgeCurl

/// Asks the admin server of a bridge that runs.
struct AdminClient {
    private let config: AdminConfig
    private let loop: CurlLoop

    /// - Throws: if the system gives no thread or no descriptors.
    init(_ config: AdminConfig) throws(CurlLoopError) {
        self.config = config
        loop = try CurlLoop(name: "admin")
    }

    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
    }

    /// The largest answer.
    private static let limit = 64 << 20

    /// - Parameter path: with its query.
    func get(_ path: String) async throws(TransportFailure) -> Answer {
        var headers = ["Accept: application/json"]
        if let token = config.token { headers.append("Authorization: Bearer \(token)") }
        let options = TransferOptions(
            url: "http://\(config.listen.reachable)\(path)", method: "GET", timeout: .seconds(10),
            responseLimitBytes: Self.limit, keptBodyBytes: Self.limit, headers: headers)
        let loop = loop
        let result: Result<Answer, TransportFailure> = await withCheckedContinuation { continuation in
            loop.post {
                do throws(TransportFailure) {
                    let handle = try CurlHandle(loop: loop, options: options)
                    try handle.start(RequestBuffer()) { result in
                        // Kept until here.
                        _ = handle
                        continuation.resume(returning: result.map { Answer(status: $0.status, body: $0.bodyHead) })
                    }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    func close() async { await loop.stop() }
}

extension AdminAddress {
    /// How this machine reaches it: every address is also the loopback one.
    var reachable: AdminAddress {
        switch host {
        case "0.0.0.0": AdminAddress(host: "127.0.0.1", port: port)
        case "::": AdminAddress(host: "::1", port: port)
        default: self
        }
    }
}
