import FootbridgeCurl
import LoopTestSupport

/// The owner of a socket under test: keeps what comes and says when there is enough, or the end.
final class Peer: CurlSocket.Owner {
    enum End: Equatable, Sendable {
        case closed
        case failed(TransportFailure.Kind)
    }

    private(set) var received: [UInt8] = []
    private(set) var ends: [End] = []
    private(set) var failure: TransportFailure?
    private var wanted = Int.max
    private var whenEnough: (() -> Void)?
    private var whenEnded: ((End) -> Void)?

    func socketReceived(_ bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        guard received.count >= wanted else { return }
        let enough = whenEnough
        whenEnough = nil
        enough?()
    }

    func socketClosed(_ failure: TransportFailure?) {
        let end = failure.map { End.failed($0.kind) } ?? .closed
        ends.append(end)
        self.failure = failure
        whenEnded?(end)
        whenEnded = nil
    }

    /// Waits for so many bytes in all.
    func waitFor(_ count: Int) async throws -> [UInt8] {
        let _: Bool = try await callback { done in
            guard received.count < count, ends.isEmpty else { return done(true) }
            wanted = count
            whenEnough = { done(true) }
            whenEnded = { _ in done(false) }
        }
        whenEnded = nil
        return received
    }

    func waitForEnd() async throws -> End {
        try await callback { done in
            if let end = ends.first { done(end) } else { whenEnded = done }
        }
    }
}

/// Connects and waits for it, on the loop of the caller.
func connected(_ target: SocketTarget, on loop: CurlLoop) async throws -> CurlSocket {
    let result: Result<CurlSocket, TransportFailure> = try await callback { done in
        CurlSocket.connect(target, on: loop, completion: done)
    }
    return try result.get()
}

extension SocketTarget {
    static func local(_ port: UInt16, tls: TLS? = nil, serverName: String? = nil) -> SocketTarget {
        SocketTarget(address: .tcp(host: "127.0.0.1", port: port), tls: tls, serverName: serverName)
    }
}

/// So many bytes that look random; they repeat, but not at any size that buffers have.
func sampleBytes(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    let block = (0..<49_999).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
    var bytes: [UInt8] = []
    while bytes.count < count { bytes += block }
    return Array(bytes.prefix(count))
}
