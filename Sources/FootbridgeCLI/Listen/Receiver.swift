import FootbridgeCurl
import FootbridgeHTTP
import FootbridgeWebhooks
import Synchronization

/// An HTTP receiver for webhooks in this process: answers by a rule and reports each request. Serves `listen` and
/// `demo`.
final class Receiver: Sendable {
    /// Decides by the request and the number of requests before it with the same `webhook-id`.
    typealias Rule = @Sendable (Request, _ seen: Int) -> Answer

    private struct State {
        var seen: [String: Int] = [:]
        var server: HTTPServer?
    }

    private let place: ListenAddress
    private let verifier: SignatureVerifier?
    private let now: @Sendable () -> Int64
    private let rule: Rule
    private let report: @Sendable (Receipt) -> Void
    private let malformed: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - secret: What signatures are checked with. The verdict is in the request; what follows from it is the rule's.
    ///   - now: Unix seconds, for the age of signatures.
    ///   - report: Called once per request, concurrently, just before it is answered.
    ///   - malformed: Called with the reason when what came is no HTTP request; its connection is closed.
    init(
        at place: ListenAddress = .anyPort, secret: VerificationKey? = nil,
        now: @escaping @Sendable () -> Int64 = { WallClock.milliseconds / 1000 }, rule: @escaping Rule,
        report: @escaping @Sendable (Receipt) -> Void, malformed: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.place = place
        verifier = secret.map { SignatureVerifier([$0]) }
        self.now = now
        self.rule = rule
        self.report = report
        self.malformed = malformed
    }

    /// Listens, and gives the port it has.
    ///
    /// - Throws: `ReceiverError` if the address cannot be had.
    func start() async throws(ReceiverError) -> UInt16 {
        do throws(SystemFailure) {
            let socket = try ListeningSocket.listening(at: place.address)
            let server = try HTTPServer(
                socket, name: "receiver", limits: Self.limits,
                refusal: { [malformed] error in
                    malformed(error.message)
                    return nil
                },
                handler: { [weak self] in await self?.answer($0) ?? HTTPAnswer.empty(503) })
            try server.start()
            state.withLock { $0.server = server }
            return socket.address?.port ?? place.address.port
        } catch {
            throw ReceiverError(place, error)
        }
    }

    /// Stops listening and cuts what is under way.
    func stop() async { await state.withLock { $0.server }?.stop(within: .zero) }

    static let bodyLimitBytes = 64 << 20

    /// Senders have limits of their own, and those who try something out by hand have time.
    private static var limits: HTTPLimits {
        var limits = HTTPLimits()
        (limits.connections, limits.rate, limits.needsHost) = (.max, nil, false)
        (limits.bodyBytes, limits.cutsBodies, limits.waitingBytes) = (bodyLimitBytes, true, .max)
        let day = Duration.seconds(86_400)
        (limits.headTime, limits.bodyTime, limits.idleTime, limits.answerTime) = (day, day, day, day)
        return limits
    }

    private func answer(_ incoming: HTTPRequest) async -> HTTPAnswer {
        var request = Request(incoming)
        request.signature = SignatureVerdict.of(request, by: verifier, now: now())
        let seen = state.withLock { state in
            guard let id = request.id else { return 0 }
            defer { state.seen[id, default: 0] += 1 }
            return state.seen[id] ?? 0
        }
        let answer =
            request.bodyBytes > Self.bodyLimitBytes
            ? Answer(status: 413, body: "more than \(Self.bodyLimitBytes) bytes") : rule(request, seen)
        if answer.delay > .zero {
            // Cancelled when the connection ends: nobody is there to be answered.
            do { try await Task.sleep(for: answer.delay) } catch { return .empty(503) }
        }
        report(Receipt(request: request, status: answer.status, seen: seen))
        var sent = answer.body.isEmpty ? HTTPAnswer.empty(answer.status) : .text(answer.status, answer.body)
        sent.hasBody = request.method != "HEAD"
        return sent
    }
}

extension HTTPAnswer {
    fileprivate static func empty(_ status: Int) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: nil, body: .bytes([]))
    }
}
