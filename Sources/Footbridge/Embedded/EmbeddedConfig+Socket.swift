internal import FootbridgeWebhooks

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

    /// All but unreserved characters, and the slashes of the path.
    private static func percentEncoded(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { part in
            var bytes: [UInt8] = []
            PercentCoding.append(Array(part.utf8), for: .url, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }.joined(separator: "/")
    }
}
