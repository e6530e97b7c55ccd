internal import Glibc

/// An IP address and a port.
package struct HostPort: Sendable, Equatable, CustomStringConvertible {
    /// IPv4 or IPv6, the latter without brackets.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    var isIPv6: Bool { host.contains(":") }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The host is no name, and nothing else either.
    package var isAddress: Bool { withSocketAddress { _, _ in 0 } == 0 }

    /// - Returns: what `body` does; -1 with EINVAL if the host is no address.
    func withSocketAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        func pass<Address>(_ address: Address) -> Int32 {
            withUnsafeBytes(of: address) { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) { pointer in
                    pointer.baseAddress.map { body($0, socklen_t(MemoryLayout<Address>.size)) } ?? -1
                }
            }
        }
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            if inet_pton(AF_INET6, host, &address.sin6_addr) == 1 { return pass(address) }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            if inet_pton(AF_INET, host, &address.sin_addr) == 1 { return pass(address) }
        }
        errno = EINVAL
        return -1
    }
}
