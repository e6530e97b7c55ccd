/// The admin server: what a bridge tells of itself over HTTP.
public struct AdminConfig: Sendable, Equatable {
    public var listen: AdminAddress

    public init(listen: AdminAddress) { self.listen = listen }
}

/// Where the admin server listens: an IP address, and a port; with port 0 the system gives a free one.
public struct AdminAddress: Sendable, Equatable, CustomStringConvertible {
    /// IPv4 or IPv6, the latter without brackets.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension AdminConfig {
    /// `nil` without the key: then there is no admin server.
    init?(_ section: Section) {
        let listen = section.optional("listen", type: "address", defaultText: "none", AdminAddressText.parse)
        if section.exists, section.find("listen") == nil { section.missing("listen", "write listen: 127.0.0.1:9464") }
        section.finish()
        guard let listen else { return nil }
        self.init(listen: listen)
    }
}
