import Glibc

/// A blocking socket on this machine, closed with its last reference. Every call has a deadline or can be ended by
/// `shutDown`.
package final class StreamSocket: Sendable {
    package let descriptor: Int32

    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// A listening socket on 127.0.0.1; port 0 takes any free one.
    package static func listening(port: UInt16) throws -> StreamSocket {
        let socket = try bound(port: port)
        guard listen(socket.descriptor, 512) == 0 else { throw TestSupportError.system("listen") }
        return socket
    }

    /// A socket that has a port of 127.0.0.1 and does not listen.
    static func bound(port: UInt16) throws -> StreamSocket {
        let socket = try make(AF_INET)
        var yes: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = withLoopback(port: port) { bind(socket.descriptor, $0, $1) }
        guard bound == 0 else { throw TestSupportError.system("bind 127.0.0.1:\(port)") }
        return socket
    }

    package static func connected(port: UInt16) throws -> StreamSocket {
        let socket = try make(AF_INET)
        let result = withLoopback(port: port) { connect(socket.descriptor, $0, $1) }
        guard result == 0 else { throw TestSupportError.system("connect 127.0.0.1:\(port)") }
        return socket
    }

    /// Begins to connect and does not wait for it.
    static func connecting(port: UInt16) throws -> StreamSocket {
        let socket = try make(AF_INET)
        _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
        let result = withLoopback(port: port) { connect(socket.descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw TestSupportError.system("connect 127.0.0.1:\(port)") }
        return socket
    }

    package static func connected(path: String) throws -> StreamSocket {
        let socket = try make(AF_UNIX)
        let result = try withUnixAddress(path) { connect(socket.descriptor, $0, $1) }
        guard result == 0 else { throw TestSupportError.system("connect \(path)") }
        return socket
    }

    /// A listening unix socket.
    static func listening(path: String) throws -> StreamSocket {
        let socket = try make(AF_UNIX)
        let bound = try withUnixAddress(path) { bind(socket.descriptor, $0, $1) }
        guard bound == 0 else { throw TestSupportError.system("bind \(path)") }
        guard listen(socket.descriptor, 512) == 0 else { throw TestSupportError.system("listen") }
        return socket
    }

    /// The port this socket is bound to.
    package var port: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// The next connection, or `nil` once the socket is shut down.
    package func acceptConnection() -> StreamSocket? {
        while true {
            let accepted = accept(descriptor, nil, nil)
            if accepted >= 0 {
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                return StreamSocket(adopting: accepted)
            }
            if errno != EINTR && errno != ECONNABORTED { return nil }
        }
    }

    /// Whole receives and sends fail after this long.
    package func limit(_ timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        var value = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Some bytes; empty at the end of the stream.
    package func receive(atMost count: Int = 65_536) throws -> [UInt8] {
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var received: Int
            repeat { received = recv(descriptor, buffer.baseAddress, count, 0) } while received < 0 && errno == EINTR
            guard received >= 0 else { throw TestSupportError.system("recv") }
            filled = received
        }
        return bytes
    }

    package func sendAll(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw TestSupportError.system("send") }
            sent += count
        }
    }

    /// Makes the close that follows a reset (RST) instead of an orderly end.
    package func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    func receiveInSmallPortions() {
        var bytes: Int32 = 128 * 1024
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends without waiting for more to send along.
    package func sendAtOnce() {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends both directions and wakes whoever is blocked on the socket.
    package func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private static func make(_ family: Int32) throws -> StreamSocket {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestSupportError.system("socket") }
        return StreamSocket(adopting: descriptor)
    }

    private static func withUnixAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard bytes.count <= room else { throw TestSupportError("unix socket path longer than \(room) bytes: \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    private static func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// A port of 127.0.0.1 that refuses connections while this lives: it is taken, so that no other test gets it.
public final class RefusingPort: Sendable {
    private let socket: StreamSocket
    public let number: UInt16

    public init() throws {
        socket = try .bound(port: 0)
        number = socket.port
    }
}

/// A port of 127.0.0.1 that nobody listened on a moment ago; another test may take it.
public func freePort() throws -> UInt16 { try StreamSocket.listening(port: 0).port }
