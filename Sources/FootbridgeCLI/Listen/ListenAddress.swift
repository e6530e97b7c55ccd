import FootbridgeHTTP

/// Where a receiver listens: an IP address and a port, 0 for any free one.
struct ListenAddress: Sendable {
    let address: HostPort

    /// Any free port of 127.0.0.1.
    static let anyPort = ListenAddress(address: HostPort(host: "127.0.0.1", port: 0))

    private init(address: HostPort) { self.address = address }

    /// - Parameter host: an IPv4 or IPv6 address, or `localhost` for 127.0.0.1; `nil` comes back for other names.
    init?(host: String, port: UInt16) {
        let address = HostPort(host: host == "localhost" ? "127.0.0.1" : host, port: port)
        guard address.isAddress else { return nil }
        self.init(address: address)
    }

    /// The URL of the root, with the port that was really taken.
    func url(port: UInt16) -> String { "http://\(HostPort(host: address.host, port: port))" }
}
