internal import FlyingFox
internal import FlyingSocks
public import Footbridge
internal import Foundation
public import Logging
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

    public init(at address: AdminAddress, config: BridgeConfig, monitor: BridgeMonitor, logger: Logger) {
        self.address = address
        pages = AdminPages(config: config, monitor: monitor)
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
            await HTTPResponse(pages.answer(method: request.method.rawValue, path: request.path))
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

extension HTTPResponse {
    fileprivate init(_ answer: AdminAnswer) {
        var headers: HTTPHeaders = [.contentType: answer.contentType, HTTPHeader("Cache-Control"): "no-store"]
        if answer.status == 405 { headers[HTTPHeader("Allow")] = "GET, HEAD" }
        let body = Data(answer.body.utf8)
        // An answer to HEAD tells the length of what it leaves out (RFC 9110, 9.3.2).
        headers[.contentLength] = "\(body.count)"
        self.init(
            statusCode: HTTPStatusCode(answer.status, phrase: answer.status == 200 ? "OK" : "Not OK"),
            headers: headers, body: answer.hasBody ? body : Data())
    }
}
