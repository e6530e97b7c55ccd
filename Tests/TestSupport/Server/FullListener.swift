import Glibc

/// A port of 127.0.0.1 where a connection is neither accepted nor refused: nobody accepts, and the queue is full.
public final class FullListener: Sendable {
    public let port: UInt16
    private let listener: StreamSocket
    private let fillers: [StreamSocket]

    public init() throws {
        listener = try StreamSocket.listening(port: 0)
        // A queue of one; what does not fit is dropped without an answer (listen(2)).
        guard listen(listener.descriptor, 0) == 0 else { throw TestSupportError.system("listen") }
        port = listener.port
        fillers = try (0..<4).map { [port] _ in try StreamSocket.connecting(port: port) }
    }
}
