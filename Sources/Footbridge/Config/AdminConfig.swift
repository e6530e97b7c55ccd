/// The admin server: what a bridge tells of itself over HTTP.
public struct AdminConfig: Sendable, Equatable {
    public var listen: AdminAddress
    /// What requests have to show, but for those of probes; `nil`: nothing, which only a loopback address may have.
    public var token: String?

    public init(listen: AdminAddress, token: String? = nil) {
        self.listen = listen
        self.token = token
    }
}

/// Where the admin server, or the embedded Redis, listens: an IP address and a port; with port 0 the system gives a free one.
public struct AdminAddress: Sendable, Equatable, CustomStringConvertible {
    /// IPv4 or IPv6, the latter without brackets.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Only this machine can reach it.
    public var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension AdminConfig {
    /// `nil` without the key: then there is no admin server.
    init?(_ section: Section) {
        let listen = section.optional("listen", type: "address", defaultText: "none", AdminAddressText.parse)
        if section.exists, section.find("listen") == nil { section.missing("listen", "write listen: 127.0.0.1:9464") }
        let token = section.optionalSecret("token")
        if let listen, token == nil, !listen.isLoopback, let found = section.find("listen") {
            section.report(
                "\(listen) can be reached from other machines, and the server shows and changes much; add token: { file: admin.token }, or listen on 127.0.0.1",
                at: found)
        }
        section.finish()
        guard let listen else { return nil }
        self.init(listen: listen, token: token)
    }
}
