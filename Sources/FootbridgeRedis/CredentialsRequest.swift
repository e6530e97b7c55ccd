internal import FootbridgeCurl

/// Asks for the credentials of one connection, which somebody else has: a file, a vault, a service of the cloud.
///
/// Belongs to the thread of its loop; `Sendable` only so that the answer finds its way back there.
package final class CredentialsRequest: @unchecked Sendable {
    package typealias Login = (user: String?, password: String?)
    package typealias Provider = @Sendable () async throws -> Login

    private let provider: Provider
    private let loop: CurlLoop
    private let timeout: Duration
    private var completion: ((Result<Login, RedisError>) -> Void)?
    private var timer: LoopTimer?
    private var task: Task<Void, Never>?

    init(_ provider: @escaping Provider, loop: CurlLoop, timeout: Duration) {
        self.provider = provider
        self.loop = loop
        self.timeout = timeout
    }

    /// - Parameter completion: called once, on the loop, unless the request is cancelled.
    func ask(_ completion: @escaping (Result<Login, RedisError>) -> Void) {
        self.completion = completion
        timer = loop.schedule(after: timeout) { [self] in
            task?.cancel()
            finish(.failure(.noCredentials("they did not come within \(timeout)")))
        }
        task = Task { [provider, loop] in
            let result: Result<Login, RedisError>
            do {
                result = .success(try await provider())
            } catch {
                result = .failure(.noCredentials("\(error)"))
            }
            loop.post { self.finish(result) }
        }
    }

    func cancel() {
        task?.cancel()
        completion = nil
        finish(.failure(.closed))
    }

    private func finish(_ result: Result<Login, RedisError>) {
        if let timer { loop.cancel(timer) }
        (timer, task) = (nil, nil)
        let completion = completion
        self.completion = nil
        completion?(result)
    }
}
