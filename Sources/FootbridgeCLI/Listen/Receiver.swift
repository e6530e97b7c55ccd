import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import Synchronization
import Webhooks

/// An HTTP receiver for webhooks in this process: answers by a rule and reports each request. Serves `listen` and
/// `demo`.
final class Receiver: Sendable {
    /// Decides by the request and the number of requests before it with the same `webhook-id`.
    typealias Rule = @Sendable (Request, _ seen: Int) -> Answer

    private struct State {
        var seen: [String: Int] = [:]
        var running: Task<Void, Never>?
        var failure: (any Error)?
    }

    private let server: HTTPServer
    private let place: ListenAddress
    private let verifier: SignatureVerifier?
    private let now: @Sendable () -> Int64
    private let rule: Rule
    private let report: @Sendable (Receipt) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - secret: What signatures are checked with. The verdict is in the request; what follows from it is the rule's.
    ///   - now: Unix seconds, for the age of signatures.
    ///   - report: Called once per request, concurrently, just before it is answered.
    ///   - malformed: Called with the reason when what came is no HTTP request; its connection is closed.
    init(
        at place: ListenAddress = .anyPort, secret: VerificationKey? = nil,
        now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }, rule: @escaping Rule,
        report: @escaping @Sendable (Receipt) -> Void, malformed: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.place = place
        verifier = secret.map { SignatureVerifier([$0]) }
        self.now = now
        self.rule = rule
        self.report = report
        // The limit on a handler's time is for the rule's delays; senders have limits of their own.
        server = HTTPServer(
            config: HTTPServer.Configuration(
                address: place.socketAddress, timeout: 86_400, logger: MalformedRequests(report: malformed)))
    }

    /// Listens, and gives the port it has.
    ///
    /// - Throws: `ReceiverError` if the address cannot be had.
    func start() async throws -> UInt16 {
        await server.appendRoute("*") { [weak self] request in
            guard let self else { return HTTPResponse(statusCode: .serviceUnavailable) }
            return try await answer(request)
        }
        let listening = Task { [server] in try await server.waitUntilListening(timeout: 30) }
        let running = Task { [weak self, server] in
            do {
                try await server.run()
            } catch {
                self?.state.withLock { $0.failure = error }
                listening.cancel()
            }
        }
        state.withLock { $0.running = running }
        do {
            try await listening.value
        } catch {
            throw ReceiverError(place, state.withLock { $0.failure } ?? error)
        }
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): return port
        case .unix, nil: throw ReceiverError(place, SocketError.disconnected)
        }
    }

    /// Stops listening and cuts what is under way.
    func stop() async {
        await server.stop(timeout: 0)
        await state.withLock { $0.running }?.value
    }

    private func answer(_ incoming: HTTPRequest) async throws -> HTTPResponse {
        var request = try await Request(incoming)
        request.signature = SignatureVerdict.of(request, by: verifier, now: now())
        let seen = state.withLock { state in
            guard let id = request.id else { return 0 }
            defer { state.seen[id, default: 0] += 1 }
            return state.seen[id] ?? 0
        }
        let answer =
            request.bodyBytes > Self.bodyLimitBytes
            ? Answer(status: 413, body: "more than \(Self.bodyLimitBytes) bytes") : rule(request, seen)
        if answer.delay > .zero { try await Task.sleep(for: answer.delay) }
        report(Receipt(request: request, status: answer.status, seen: seen))
        return HTTPResponse(
            statusCode: HTTPStatusCode(answer.status, phrase: Self.phrase(answer.status)),
            headers: answer.body.isEmpty ? [:] : [.contentType: "text/plain; charset=utf-8"],
            body: Data(answer.body.utf8))
    }

    /// The phrase means nothing to programs (RFC 9112, 4); this much is for people.
    private static func phrase(_ status: Int) -> String {
        switch status {
        case ..<300: "OK"
        case ..<400: "Elsewhere"
        case ..<500: "Refused"
        default: "Failed"
        }
    }
}
