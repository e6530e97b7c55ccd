internal import FlyingFox
internal import FlyingSocks
public import Footbridge
internal import Foundation
public import Logging
public import Redis
public import ServiceLifecycle
internal import Synchronization

/// Serves health and metrics of a bridge over HTTP: `/healthz`, `/readyz`, `/metrics`.
///
/// A service that stands before the bridge, and so it answers until the bridge has stopped. Whatever becomes of this server,
/// the bridge goes on.
public final class AdminServer: Service {
    private let address: AdminAddress
    private let pages: AdminPages
    private let logger: Logger
    private let listening = Mutex<Listening?>(nil)

    private struct Listening {
        let server: HTTPServer
        let task: Task<Void, any Error>
        /// The port that was really taken.
        let port: UInt16
    }

    /// - Parameter redis: where the bridge's Redis is; `nil` until that is known.
    public init(
        at address: AdminAddress, config: BridgeConfig, monitor: BridgeMonitor, reporter: Reporter? = nil,
        logger: Logger,
        redis: @escaping @Sendable () -> RedisTarget? = { nil }, reload: (@Sendable () async -> ReloadAnswer)? = nil
    ) {
        self.address = address
        pages = AdminPages(
            config: config, monitor: monitor,
            reporter: reporter ?? Reporter(instance: config.instance, monitor: monitor), redis: redis, reload: reload)
        self.logger = logger
    }

    /// Begins to listen; does nothing if it does already.
    ///
    /// - Throws: why the address cannot be had.
    public func start() async throws(AdminServerError) {
        guard listening.withLock({ $0 == nil }) else { return }
        let started = try await listen(at: address)
        listening.withLock { $0 = started }
        let place = AdminAddress(host: address.host, port: started.port)
        logger.info("admin server listens", metadata: [LogKeys.address: "\(place)"])
    }

    /// Serves until a graceful shutdown or a cancellation.
    public func run() async throws {
        try await start()
        try? await cancelWhenGracefulShutdown {
            while let current = self.listening.withLock({ $0 }) {
                let error = await self.end(of: current)
                try Task.checkCancellation()
                self.logger.error("admin server broke off; it is started again", metadata: [LogKeys.error: "\(error)"])
                try await self.startAgain(on: current.port)
            }
        }
        if let current = listening.withLock({ $0 }) { await current.server.stop(timeout: 0) }
    }

    private func end(of listening: Listening) async -> any Error {
        await withTaskCancellationHandler {
            if case .failure(let error) = await listening.task.result { return error }
            return SocketError.disconnected
        } onCancel: {
            listening.task.cancel()
        }
    }

    private func startAgain(on port: UInt16) async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            guard let started = try? await listen(at: AdminAddress(host: address.host, port: port)) else { continue }
            return listening.withLock { $0 = started }
        }
    }

    private func listen(at place: AdminAddress) async throws(AdminServerError) -> Listening {
        let server = HTTPServer(
            config: HTTPServer.Configuration(address: try Self.socketAddress(place), timeout: 10, logger: .disabled))
        await server.appendRoute("*") { [pages] request in
            do throws(AdminError) {
                return HTTPResponse(await pages.answer(try await AdminRequest(request)))
            } catch {
                return HTTPResponse(error.answer)
            }
        }
        let waiting = Task { try await server.waitUntilListening(timeout: 30) }
        let task = Task {
            defer { waiting.cancel() }
            try await server.run()
        }
        do {
            try await waiting.value
        } catch {
            task.cancel()
            if case .failure(let reason) = await task.result { throw AdminServerError(place, reason) }
            throw AdminServerError(place, error)
        }
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): return Listening(server: server, task: task, port: port)
        case .unix, nil: throw AdminServerError(place, SocketError.disconnected)
        }
    }

    private static func socketAddress(_ place: AdminAddress) throws(AdminServerError) -> any SocketAddress {
        do {
            return place.host.contains(":")
                ? try sockaddr_in6.inet6(ip6: place.host, port: place.port)
                : try sockaddr_in.inet(ip4: place.host, port: place.port)
        } catch {
            throw AdminServerError(place, error)
        }
    }
}

extension AdminRequest {
    /// More is no request of ours.
    private static let maximumBody = 1 << 20

    fileprivate init(_ request: HTTPRequest) async throws(AdminError) {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.maximumBody {
            throw AdminError(413, "the body may have \(Self.maximumBody) bytes")
        }
        var body: [UInt8] = []
        do {
            for try await part in request.bodySequence {
                body += part
                if body.count > Self.maximumBody { break }
            }
        } catch {
            throw AdminError(400, "the body could not be read")
        }
        guard body.count <= Self.maximumBody else {
            throw AdminError(413, "the body may have \(Self.maximumBody) bytes")
        }
        self.init(
            method: request.method.rawValue, path: request.path,
            query: Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
            headers: Dictionary(
                request.headers.map { ($0.key.rawValue.lowercased(), $0.value) },
                uniquingKeysWith: { first, _ in first }),
            body: body)
    }
}

extension HTTPResponse {
    fileprivate init(_ answer: AdminAnswer) {
        var headers: HTTPHeaders = [.contentType: answer.contentType, HTTPHeader("Cache-Control"): "no-store"]
        for (name, value) in answer.headers { headers[HTTPHeader(name)] = value }
        let status = HTTPStatusCode(answer.status, phrase: answer.status == 200 ? "OK" : "Not OK")
        switch answer.body {
        case .bytes(let bytes):
            // An answer to HEAD tells the length of what it leaves out (RFC 9110, 9.3.2).
            headers[.contentLength] = "\(bytes.count)"
            self.init(statusCode: status, headers: headers, body: answer.hasBody ? Data(bytes) : Data())
        case .parts(let parts):
            guard answer.hasBody else {
                self.init(statusCode: status, headers: headers, body: Data())
                return
            }
            self.init(statusCode: status, headers: headers, body: HTTPBodySequence(from: PartSequence(parts)))
        }
    }
}

/// Parts as FlyingFox wants them.
private struct PartSequence: AsyncBufferedSequence, Sendable {
    typealias Element = UInt8
    let parts: AsyncStream<[UInt8]>

    init(_ parts: AsyncStream<[UInt8]>) { self.parts = parts }

    func makeAsyncIterator() -> Iterator { Iterator(parts: parts.makeAsyncIterator()) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        typealias Element = UInt8
        var parts: AsyncStream<[UInt8]>.AsyncIterator

        mutating func next() async -> UInt8? { nil }

        mutating func nextBuffer(suggested count: Int) async -> [UInt8]? { await parts.next(isolation: #isolation) }
    }
}
