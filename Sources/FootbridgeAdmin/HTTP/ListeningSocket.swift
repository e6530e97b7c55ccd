internal import CCurl
internal import Footbridge
internal import Glibc

/// Where connections come in; closed with its last reference.
final class ListeningSocket: Sendable {
    let descriptor: Int32

    private init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    static func listening(at place: AdminAddress) throws(SystemFailure) -> ListeningSocket {
        let family = place.host.contains(":") ? AF_INET6 : AF_INET
        let descriptor = Glibc.socket(
            family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure(code: errno) }
        let socket = ListeningSocket(owning: descriptor)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard place.withSocketAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 128) == 0 else {
            throw SystemFailure(code: errno)
        }
        return socket
    }

    /// One that somebody else made: a stream socket that listens.
    static func adopting(_ descriptor: Int32) throws(SystemFailure) -> ListeningSocket {
        func option(_ name: Int32) throws(SystemFailure) -> Int32 {
            var (value, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            guard getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 else { throw SystemFailure(code: errno) }
            return value
        }
        guard try option(SO_TYPE) == Int32(SOCK_STREAM.rawValue), try option(SO_ACCEPTCONN) != 0 else {
            throw SystemFailure(code: EINVAL)
        }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else { throw SystemFailure(code: errno) }
        return ListeningSocket(owning: descriptor)
    }

    /// With the port that was really taken; `nil` if it is no socket of IP.
    var address: AdminAddress? {
        var (storage, size) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
        return withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress,
                getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &size) == 0
            else { return nil }
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            switch Int32(base.loadUnaligned(as: sockaddr.self).sa_family) {
            case AF_INET:
                var address = base.loadUnaligned(as: sockaddr_in.self)
                inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count))
                return AdminAddress(host: Self.string(text), port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                var address = base.loadUnaligned(as: sockaddr_in6.self)
                inet_ntop(AF_INET6, &address.sin6_addr, &text, socklen_t(text.count))
                return AdminAddress(host: Self.string(text), port: UInt16(bigEndian: address.sin6_port))
            default: return nil
            }
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// What a system call said.
struct SystemFailure: Error, Equatable, CustomStringConvertible {
    let code: Int32

    var description: String { String(cString: strerror(code)) }
}

extension AdminAddress {
    fileprivate func withSocketAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        func pass<Address>(_ address: Address) -> Int32 {
            withUnsafeBytes(of: address) { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) { pointer in
                    pointer.baseAddress.map { body($0, socklen_t(MemoryLayout<Address>.size)) } ?? -1
                }
            }
        }
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            return pass(address)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return pass(address)
    }
}
