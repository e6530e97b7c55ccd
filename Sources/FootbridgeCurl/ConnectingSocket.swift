/// A connection that is being made, for giving it up.
///
/// Belongs to the thread of its loop.
public final class ConnectingSocket: @unchecked Sendable {
    typealias Completion = (Result<CurlSocket, TransportFailure>) -> Void

    private let loop: CurlLoop
    private let peer: SocketTarget.Address
    private var completion: Completion?
    private var number: Int?

    init(_ target: SocketTarget, on loop: CurlLoop, _ completion: @escaping Completion) {
        self.loop = loop
        peer = target.address
        self.completion = completion
        guard !loop.hasStopped else {
            end(.failure(.loopEnded))
            return
        }
        loop.dependents[ObjectIdentifier(self)] = { self.abandon() }
        number = SocketConnector.connect(target, loop.polling) { result in
            let isTaken = loop.post { self.end(result) }
            if !isTaken, case .success(let handle) = result { handle.close() }
        }
    }

    /// Gives it up; whoever waits for it is not told.
    public func cancel() {
        forget()
        completion = nil
    }

    /// The loop ends: no result would reach it any more.
    private func abandon() {
        forget()
        end(.failure(.loopEnded))
    }

    private func forget() {
        if let number { SocketConnector.cancel(number, loop.polling) }
        number = nil
        loop.dependents[ObjectIdentifier(self)] = nil
    }

    private func end(_ result: Result<ConnectedHandle, TransportFailure>) {
        number = nil
        loop.dependents[ObjectIdentifier(self)] = nil
        guard let completion else {
            // It was given up when the connection already stood.
            if case .success(let handle) = result { handle.close() }
            return
        }
        self.completion = nil
        completion(result.map { CurlSocket(loop: loop, $0, to: peer) })
    }
}

extension TransportFailure {
    static let loopEnded = TransportFailure(kind: .cancelled, message: "the loop has ended")
}
