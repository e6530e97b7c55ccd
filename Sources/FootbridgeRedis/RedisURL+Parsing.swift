extension RedisURL {
    /// - Throws: `RedisURLError` with the first thing that is wrong.
    public init(_ text: String) throws(RedisURLError) {
        let bytes = Array(text.utf8)[...]
        guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw RedisURLError("a URL cannot hold spaces or control characters; write a space as %20")
        }
        guard !bytes.contains(UInt8(ascii: "#")) else { throw RedisURLError(##"a "#" has to be written %23"##) }
        var scheme = bytes
        let after = scheme.cut(at: .colon)
        let name = scheme.string.lowercased()
        guard var rest = after, rest.starts(with: "//".utf8), scheme.allSatisfy(\.isLetter) else {
            // Without the colon it is a host, and with a number after the colon, too.
            if let after, after.first?.isDecimalDigit != true, let example = Self.examples[name] {
                throw RedisURLError(#"two slashes belong after "\#(name):"; write \#(example)"#)
            }
            throw RedisURLError("the URL has no scheme; write redis://host:6379, rediss://host:6379 or unix:///path")
        }
        rest = rest.dropFirst(2)
        let query = rest.cut(at: UInt8(ascii: "?"))
        let path = rest.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...] }
        let authority = rest[..<(path?.startIndex ?? rest.endIndex)]
        let parts = Parts(authority: authority, path: path ?? [], query: query ?? [])
        switch name {
        case "redis": self = try parts.tcp(isTLS: false)
        case "rediss": self = try parts.tcp(isTLS: true)
        case "unix": self = try parts.unix()
        default: throw RedisURLError(#"unknown scheme "\#(scheme.string)"; use redis://, rediss:// or unix://"#)
        }
    }

    private static let examples = [
        "redis": "redis://host:6379", "rediss": "rediss://host:6379", "unix": "unix:///path",
    ]
}

/// The URL after its scheme, not decoded yet.
private struct Parts {
    let authority: ArraySlice<UInt8>
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>

    func tcp(isTLS: Bool) throws(RedisURLError) -> RedisURL {
        // With a raw "/" or "?" a password would be taken for host, port or options, and appear in an error.
        guard !path.contains(.atSign) else { throw unescaped }
        if !authority.contains(.atSign), query.contains(.atSign), authority.contains(.colon) { throw unescaped }
        let options = try RedisURLOptions(query)
        let (user, password) = try login()
        let pathDatabase = path.count > 1 ? try path.dropFirst().databaseNumber() : nil
        if let pathDatabase, let other = options.database, other != pathDatabase {
            throw RedisURLError("two databases, /\(pathDatabase) and db=\(other); leave one out")
        }
        if !isTLS, let option = options.tlsOption {
            throw RedisURLError(#"option "\#(option)" is for TLS; use rediss://"#)
        }
        return RedisURL(
            endpoint: try hostAndPort(),
            tls: isTLS ? options.tls : nil,
            user: user,
            password: password,
            database: pathDatabase ?? options.database ?? 0,
            clientName: options.clientName
        )
    }

    func unix() throws(RedisURLError) -> RedisURL {
        guard authority.isEmpty || authority.last == .atSign, path.count > 1 else {
            throw RedisURLError("a unix socket needs an absolute path: unix:///run/redis.sock")
        }
        let options = try RedisURLOptions(query)
        if let option = options.tlsOption {
            throw RedisURLError(
                #"option "\#(option)" is for TLS, which a unix socket has not; use rediss:// or leave it out"#)
        }
        let file = try path.percentDecoded("the path")
        guard file.utf8.count <= 107 else {
            throw RedisURLError("the socket's path has \(file.utf8.count) bytes; the system allows 107")
        }
        let (user, password) = try login()
        return RedisURL(
            endpoint: .unix(path: file),
            user: user,
            password: password,
            database: options.database ?? 0,
            clientName: options.clientName
        )
    }

    private var unescaped: RedisURLError {
        RedisURLError(#"in user and password write "/" as %2F, "?" as %3F and "@" as %40"#)
    }

    private func login() throws(RedisURLError) -> (user: String?, password: String?) {
        guard let end = authority.lastIndex(of: .atSign) else { return (nil, nil) }
        var user = authority[..<end]
        let password = user.cut(at: .colon) ?? []
        return (
            user.isEmpty ? nil : try user.percentDecoded("the user"),
            password.isEmpty ? nil : try password.percentDecoded("the password")
        )
    }

    private func hostAndPort() throws(RedisURLError) -> RedisURL.Endpoint {
        var host = authority.lastIndex(of: .atSign).map { authority[($0 + 1)...] } ?? authority
        var port: ArraySlice<UInt8>?
        var allowed: (UInt8) -> Bool = { $0.isLetter || $0.isDecimalDigit || "-._".utf8.contains($0) }
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")) else {
                throw RedisURLError(#"the address lacks its closing bracket; write [::1]"#)
            }
            let after = host[(end + 1)...]
            guard after.isEmpty || after.first == .colon else {
                throw RedisURLError(#"after the address's "]" only a port can stand: [::1]:6379"#)
            }
            port = after.isEmpty ? nil : after.dropFirst()
            host = host[(host.startIndex + 1)..<end]
            allowed = { $0.hexadecimalValue != nil || $0 == .colon || $0 == UInt8(ascii: ".") }
            guard host.contains(.colon) else { throw RedisURLError("only IPv6 addresses stand in brackets") }
        } else if host.count(where: { $0 == .colon }) > 1 {
            throw RedisURLError("an IPv6 address stands in brackets: [::1]:6379")
        } else {
            port = host.cut(at: .colon)
        }
        guard !host.isEmpty else { throw RedisURLError("the URL has no host; write redis://localhost:6379") }
        guard host.allSatisfy(allowed) else {
            throw RedisURLError("the host is neither a name nor an address; an IPv6 address stands in brackets")
        }
        return .tcp(host: host.string, port: try portNumber(port ?? []))
    }

    private func portNumber(_ digits: ArraySlice<UInt8>) throws(RedisURLError) -> UInt16 {
        guard !digits.isEmpty else { return RedisURL.defaultPort }
        // Not shown: it may be a password that the "@" is missing after.
        guard digits.allSatisfy(\.isDecimalDigit) else {
            throw RedisURLError("the port is not a number; write host:6379")
        }
        guard let port = UInt16(digits.string) else { throw RedisURLError("port \(digits.string) is above 65535") }
        guard port > 0 else { throw RedisURLError("port 0 cannot be connected to; Redis listens at 6379") }
        return port
    }
}
