internal import CFootbridgeCurl
package import FootbridgeCurl
internal import Glibc

/// Where connections come in; closed with its last reference.
package final class ListeningSocket: Sendable {
    let descriptor: Int32

    private init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    package static func listening(at place: HostPort) throws(SystemFailure) -> ListeningSocket {
        let family = place.isIPv6 ? AF_INET6 : AF_INET
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
    package static func adopting(_ descriptor: Int32) throws(SystemFailure) -> ListeningSocket {
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
    package var address: HostPort? {
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
                return HostPort(host: Self.string(text), port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                var address = base.loadUnaligned(as: sockaddr_in6.self)
                inet_ntop(AF_INET6, &address.sin6_addr, &text, socklen_t(text.count))
                return HostPort(host: Self.string(text), port: UInt16(bigEndian: address.sin6_port))
            default: return nil
            }
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
