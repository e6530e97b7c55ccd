extension EmbeddedConfig {
    /// Where the socket is if it is not in the state directory, which nobody else can enter: what the configuration says, or if
    /// others may use it, systemd's `RuntimeDirectory=`.
    ///
    /// - Parameter variable: looks an environment variable up.
    func outerSocket(variable: (String) -> String?) -> String? {
        if let socket { return StateDirectory.absolute(socket) }
        guard isShared else { return nil }
        // systemd separates several with colons; the first one is the unit's first.
        let directory = variable("RUNTIME_DIRECTORY")?.split(separator: ":").first
        return directory.flatMap { $0.hasPrefix("/") ? "\($0)/redis.sock" : nil }
    }

    /// What an application is given to reach the server, without the password: `unix:///run/shop/redis.sock`.
    public func addresses(socket: String) -> [String] {
        ["unix://" + Self.percentEncoded(socket)] + (listen.map { ["redis://\($0)"] } ?? [])
    }

    /// RFC 3986 §2.3: all but unreserved characters, and the slashes of the path.
    private static func percentEncoded(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
