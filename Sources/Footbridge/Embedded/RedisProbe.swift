import Glibc

/// Asks a redis-server behind a unix socket whether it is there, before there is a client: one connection, one PING.
enum RedisProbe {
    enum Answer: Equatable {
        /// Nobody listens.
        case absent
        /// Somebody listens and says nothing.
        case silent(pid: Int32?)
        /// It reads its data in and will answer later.
        case loading(pid: Int32?)
        /// `+PONG`, or an error other than `-LOADING`: the server works.
        case alive(pid: Int32?)
    }

    /// - Parameter password: without it a server that wants one does not say whether it is loading.
    static func ping(_ address: UnixAddress, password: String? = nil, timeout: Duration) -> Answer {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(AF_UNIX, type, 0)
        guard socket >= 0 else { return .silent(pid: nil) }
        defer { close(socket) }
        // EAGAIN: the queue of a server that accepts nobody is full.
        let connected = address.withSockaddr { connect(socket, $0, $1) }
        guard connected == 0 else { return errno == EAGAIN ? .silent(pid: nil) : .absent }
        let pid = peer(of: socket)
        var command = Array("PING\r\n".utf8)
        if let password {
            command = Array("*2\r\n$4\r\nAUTH\r\n$\(password.utf8.count)\r\n\(password)\r\n".utf8) + command
        }
        let sent = send(socket, command, command.count, Int32(MSG_NOSIGNAL))
        guard sent == command.count else { return .silent(pid: pid) }
        let reply = line(password == nil ? 1 : 2, from: socket, until: .now + timeout)
        if reply.starts(with: "-LOADING".utf8) { return .loading(pid: pid) }
        return reply.isEmpty ? .silent(pid: pid) : .alive(pid: pid)
    }

    /// The process that listens (`SO_PEERCRED`, unix(7): who called listen(2)); `nil` if it is in another pid namespace.
    private static func peer(of socket: Int32) -> Int32? {
        // struct ucred: pid, uid, gid.
        var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        return credentials.0 > 0 ? credentials.0 : nil
    }

    /// That line of the answer without its end; empty if it does not come whole.
    private static func line(_ number: Int, from socket: Int32, until deadline: ContinuousClock.Instant) -> [UInt8] {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256)
        var ready = [pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
        while line.count < 4096, Poll.wait(&ready, until: deadline) {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { continue }
                break
            }
            line += buffer[..<count]
            let lines = line.split(separator: UInt8(ascii: "\r"), omittingEmptySubsequences: false)
            // What stands behind the last break is not whole.
            if lines.count > number { return Array(lines[number - 1].drop { $0 == UInt8(ascii: "\n") }) }
        }
        return []
    }
}
