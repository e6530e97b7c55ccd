/// A `redis-server` that the bridge runs: where it keeps its data, and who else may use it.
public struct EmbeddedConfig: Sendable, Equatable {
    /// The state directory, unless the command line names one; `nil`: one of this configuration's own.
    public var directory: String?
    /// The path of the socket; `nil`: in the state directory, or where others can reach it if they may.
    public var socket: String?
    /// Permissions of the socket.
    public var socketMode: UInt32
    /// Whose members may use the socket: a group's name, or its number.
    public var socketGroup: String?
    /// A port beside the socket.
    public var listen: AdminAddress?
    /// What everybody has to show, by socket and by port.
    public var password: String?

    static let ownMode: UInt32 = 0o600
    static let groupMode: UInt32 = 0o660

    public init(
        directory: String? = nil, socket: String? = nil, socketMode: UInt32? = nil, socketGroup: String? = nil,
        listen: AdminAddress? = nil, password: String? = nil
    ) {
        self.directory = directory
        self.socket = socket
        self.socketMode = socketMode ?? (socketGroup == nil ? Self.ownMode : Self.groupMode)
        self.socketGroup = socketGroup
        self.listen = listen
        self.password = password
    }

    /// Whether others than the bridge's own user may use the socket; for connect(2) it takes the right to write.
    public var isShared: Bool { socketMode & 0o022 != 0 }
}

extension EmbeddedConfig {
    /// Reads `redis.embedded`; `nil` if it is not there.
    init?(_ section: Section) {
        let directory = section.optional("directory", type: "path", defaultText: "one for each configuration") {
            text throws(Complaint) in section.source.path(try ConfigText.name(text))
        }
        let socket = section.optional("socket", type: "path", defaultText: "in the state directory") {
            text throws(Complaint) in
            let path = section.source.path(try Self.socketPath(text))
            // What `sockaddr_un` has room for, its last byte being 0.
            guard path.utf8.count <= 107 else {
                throw Complaint(
                    "\(text.shown) is too long for a socket: \(path.utf8.count) bytes of 107; choose a shorter path")
            }
            return path
        }
        let mode = section.optional("socket_mode", type: "file mode", defaultText: "0600", Self.mode)
        let group = section.optional("socket_group", type: "string", defaultText: "none", ConfigText.name)
        let listen = section.optional("listen", type: "address", defaultText: "none", Self.address)
        let password = section.optionalSecret("password")
        section.finish()
        guard section.exists else { return nil }
        if let mode, group != nil, mode & 0o020 == 0 {
            section.contradiction(
                "gives the group no right to write, which it takes to connect; write socket_mode: 0660, or remove it",
                among: section.find("socket_mode"))
        }
        if let listen, !listen.isLoopback, section.find("password") == nil, let found = section.find("listen") {
            section.report(
                "\(listen) can be reached from other machines; add password: { file: redis.password }, or listen on 127.0.0.1",
                at: found)
        }
        self.init(
            directory: directory, socket: socket, socketMode: mode, socketGroup: group, listen: listen,
            password: password)
        if listen != nil, section.find("password") == nil {
            section.advise(
                "every user of this machine may read and change what is in it; add password: { file: redis.password }",
                key: "listen")
        }
        if socketMode & 0o002 != 0, section.find("password") == nil {
            section.advise(
                "every user of this machine may read and change what is in it; socket_group: NAME lets one group in",
                key: "socket_mode")
        }
    }

    private static func socketPath(_ text: ConfigText) throws(Complaint) -> String {
        let path = try ConfigText.name(text)
        guard !path.hasSuffix("/") else {
            throw Complaint("\(text.shown) names a directory; write the path of the socket, /run/shop/redis.sock")
        }
        return path
    }

    private static func mode(_ text: ConfigText) throws(Complaint) -> UInt32 {
        let digits = text.text.hasPrefix("0") ? text.text.dropFirst() : text.text[...]
        guard digits.utf8.count == 3, let mode = UInt32(digits, radix: 8), mode <= 0o777 else {
            throw Complaint("\(text.shown) is no file mode; write 0600, 0660 or 0666")
        }
        guard mode & 0o600 == 0o600 else {
            throw Complaint("\(text.shown) locks the bridge itself out; write 0600, 0660 or 0666")
        }
        return mode
    }

    private static func address(_ text: ConfigText) throws(Complaint) -> AdminAddress {
        let address = try AdminAddressText.parse(text, example: 6390)
        guard address.port != 0 else { throw Complaint("\(text.shown) has no port; write 127.0.0.1:6390") }
        return address
    }
}
