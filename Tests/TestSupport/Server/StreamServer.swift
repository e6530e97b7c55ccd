import Foundation
import Synchronization

/// A server on this machine whose connections do what the test's script says, byte by byte. Sockets and threads only.
///
/// The script runs on a thread of each connection, and the connection ends with it. What the script throws is kept for
/// `failures`: a test that expects a dialogue asks for them at its end.
public final class StreamServer: Sendable {
    public typealias Script = @Sendable (ServerConnection) throws -> Void

    struct State: Sendable {
        var accepted = 0
        var ended = 0
        var failures: [String] = []
        var open: [Int: StreamSocket] = [:]
        var isStopped = false
    }

    /// 0 for a unix socket.
    public let port: UInt16
    private let listener: Mutex<StreamSocket?>
    let state = Monitor(State())

    /// - Parameter path: listens on a unix socket there in place of any free port of 127.0.0.1.
    public init(path: String? = nil, _ script: @escaping Script) throws {
        let socket = try path.map { try StreamSocket.listening(path: $0) } ?? .listening(port: 0)
        port = path == nil ? socket.port : 0
        listener = Mutex(socket)
        let state = state
        Thread.detachNewThread {
            while let connection = socket.acceptConnection() {
                let number: Int? = state.withLock { state in
                    guard !state.isStopped else { return nil }
                    defer { state.accepted += 1 }
                    state.open[state.accepted] = connection
                    return state.accepted
                }
                guard let number else { return }
                connection.limit(.seconds(60))
                Thread.detachNewThread { Self.serve(connection, number, state, script) }
            }
        }
    }

    deinit { stop() }

    private static func serve(
        _ socket: StreamSocket, _ number: Int, _ state: Monitor<State>, _ script: Script
    ) {
        var failure: String?
        do {
            try script(ServerConnection(socket: socket, number: number, state: state))
        } catch {
            failure = "connection \(number): \(error)"
        }
        state.withLock { state in
            state.open[number] = nil
            if let failure, !state.isStopped { state.failures.append(failure) }
            state.ended += 1
        }
    }

    /// How many connections were accepted.
    public var connections: Int { state.value.accepted }

    /// What went against the script, once `count` connections have come and ended; says so if they have not.
    public func failures(ofConnections count: Int = 1, timeout: Duration = .seconds(20)) async throws -> [String] {
        try await onThread { [state] in
            let ended = state.wait(timeout: timeout) { $0.ended >= count }
            return state.value.failures + (ended ? [] : ["\(state.value.ended) connections ended, not \(count)"])
        }
    }

    /// Stops listening and cuts all connections.
    public func stop() {
        let socket = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        state.withLock { state in
            state.isStopped = true
            state.open.values.forEach { $0.shutDown() }
        }
        socket?.shutDown()
    }
}
