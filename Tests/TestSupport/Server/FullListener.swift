import Glibc

/// A port of 127.0.0.1 where a connection is neither accepted nor refused: nobody accepts, and the queue is full.
public final class FullListener: Sendable {
    public let port: UInt16
    private let listener: StreamSocket
    private let fillers: [StreamSocket]
    private let own: Set<Substring>

    public init() throws {
        listener = try StreamSocket.listening(port: 0)
        // A queue of one; what does not fit is dropped without an answer (listen(2)).
        guard listen(listener.descriptor, 0) == 0 else { throw TestSupportError.system("listen") }
        port = listener.port
        fillers = try (0..<4).map { [port] _ in try StreamSocket.connecting(port: port) }
        own = try Self.connections(to: port)
    }

    /// Waits until somebody tries to connect.
    public func waitForAttempt() throws {
        try eventually("somebody connects to port \(port)") {
            try !Self.connections(to: port, inState: "02").subtracting(own).isEmpty
        }
    }

    /// The local ports of connections to the port (proc_pid_net(5)).
    ///
    /// - Parameter state: `02` while they wait for an answer, `nil` for all.
    private static func connections(to port: UInt16, inState state: Substring? = nil) throws -> Set<Substring> {
        // One read gives a page at most, which Foundation takes for the whole.
        guard let file = fopen("/proc/net/tcp", "r") else { throw TestSupportError.system("fopen") }
        defer { fclose(file) }
        var lines: [String] = []
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, 512, file) != nil {
            lines.append(String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return Set(
            lines.dropFirst().compactMap { line in
                let columns = line.split(separator: " ")
                guard columns.count > 3, state == nil || columns[3] == state,
                    let remote = columns[2].split(separator: ":").last, UInt16(remote, radix: 16) == port
                else { return nil }
                return columns[1].split(separator: ":").last
            })
    }
}
