import FlyingSocks
import Glibc

/// Where a receiver listens: an IP address and a port, 0 for any free one.
struct ListenAddress: Sendable {
    let host: String
    let port: UInt16
    let socketAddress: any SocketAddress

    /// Any free port of 127.0.0.1.
    static var anyPort: ListenAddress {
        var address = sockaddr_in.inet(port: 0)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return ListenAddress(host: "127.0.0.1", port: 0, socketAddress: address)
    }

    private init(host: String, port: UInt16, socketAddress: any SocketAddress) {
        self.host = host
        self.port = port
        self.socketAddress = socketAddress
    }

    /// - Parameter host: an IPv4 or IPv6 address, or `localhost` for 127.0.0.1; `nil` comes back for other names.
    init?(host: String, port: UInt16) {
        let host = host == "localhost" ? "127.0.0.1" : host
        if let address = try? sockaddr_in.inet(ip4: host, port: port) {
            self.init(host: host, port: port, socketAddress: address)
        } else if let address = try? sockaddr_in6.inet6(ip6: host, port: port) {
            self.init(host: host, port: port, socketAddress: address)
        } else {
            return nil
        }
    }

    /// The URL of the root, with the port that was really taken.
    func url(port: UInt16) -> String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
