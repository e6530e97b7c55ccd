import Foundation

/// A port of 127.0.0.1 where a connection is neither accepted nor refused: nobody accepts, and the queue is full.
public final class FullListener: Sendable {
    public let port: UInt16
    private let listener: StreamSocket
    private let fillers: [StreamSocket]
    private let own: Int

    public init() throws {
        listener = try StreamSocket.listening(port: 0)
        // A queue of one; what does not fit is dropped without an answer (listen(2)).
        guard listen(listener.descriptor, 0) == 0 else { throw TestSupportError.system("listen") }
        port = listener.port
        fillers = try (0..<4).map { [port] _ in try StreamSocket.connecting(port: port) }
        own = try Self.attempts(at: port)
    }

    /// Waits until somebody tries to connect.
    public func waitForAttempt() throws {
        try eventually("somebody connects to port \(port)") { try Self.attempts(at: port) > own }
    }

    /// How many connections to the port wait for an answer (proc_pid_net(5): the state SYN_SENT is 02).
    private static func attempts(at port: UInt16) throws -> Int {
        let table = try String(decoding: Data(contentsOf: URL(filePath: "/proc/net/tcp")), as: UTF8.self)
        return table.split(separator: "\n").dropFirst().count { line in
            let columns = line.split(separator: " ")
            guard columns.count > 3, columns[3] == "02", let remote = columns[2].split(separator: ":").last else {
                return false
            }
            return UInt16(remote, radix: 16) == port
        }
    }
}
