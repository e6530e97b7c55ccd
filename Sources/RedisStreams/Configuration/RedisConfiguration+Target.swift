internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis

extension RedisConfiguration {
    /// What the connections are made from.
    ///
    /// - Throws: `invalidConfiguration` with what is wrong.
    var target: RedisTarget {
        get throws(Redis.Failure) {
            if let wrong { throw Redis.Failure(.invalidConfiguration, reason: wrong) }
            var target = RedisTarget(
                socket: endpoint.target(tls, connectTimeout),
                handshake: RedisHandshake(
                    user: user, password: password, clientName: clientName, database: database),
                sentinel: sentinel.map { sentinel in
                    SentinelTarget(
                        master: sentinel.master,
                        nodes: sentinel.endpoints.map { $0.target(sentinel.tls, connectTimeout) },
                        user: sentinel.user, password: sentinel.password)
                })
            target.limits.bulkBytes = limits.valueBytes
            target.limits.replyBytes = limits.replyBytes
            if let credentials {
                target.credentials = {
                    let login = try await credentials()
                    return (login.user, login.password)
                }
            }
            return target
        }
    }

    /// What no connection can be made with, and how it is right.
    private var wrong: String? {
        if let sentinel, sentinel.endpoints.isEmpty { return "no Sentinel is named" }
        for endpoint in [endpoint] + (sentinel?.endpoints ?? []) { if let wrong = endpoint.wrong { return wrong } }
        if case .unix = endpoint, tls != nil, sentinel == nil { return "a unix socket has no TLS; leave it out" }
        if database < 0 { return "the database is \(database); they are numbered from 0" }
        // The server's own rule for CLIENT SETNAME.
        if let clientName, clientName.isEmpty || !clientName.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            return "the client's name takes printable ASCII characters without spaces"
        }
        if connectTimeout <= .zero || deadline <= .zero { return "connectTimeout and deadline have to be above zero" }
        if tls?.key != nil, tls?.certificate == nil { return "a key needs its certificate beside it" }
        if limits.valueBytes < 1 || limits.replyBytes < 1 { return "the limits of a reply have to be above zero" }
        if blockingConnections < 1 { return "blockingConnections has to be 1 at least" }
        return nil
    }
}

extension RedisConfiguration.Endpoint {
    fileprivate var wrong: String? {
        switch self {
        case .tcp(_, port: 0): "port 0 cannot be connected to; Redis listens at 6379"
        case .tcp(let host, _):
            host.isEmpty || host.utf8.contains { $0 <= 0x20 || "/@#?[]".utf8.contains($0) }
                ? "the host is neither a name nor an address" : nil
        case .unix(let path):
            path.isEmpty || path.utf8.count > 107 || path.utf8.contains(0)
                ? "the socket's path has \(path.utf8.count) bytes; it may have 1 to 107" : nil
        }
    }

    fileprivate func target(_ tls: RedisConfiguration.TLS?, _ connectTimeout: Duration) -> SocketTarget {
        let address: SocketTarget.Address =
            switch self {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        return SocketTarget(
            address: address, tls: tls?.target, serverName: tls?.serverName, connectTimeout: connectTimeout)
    }
}

extension RedisConfiguration.TLS {
    fileprivate var target: SocketTarget.TLS {
        var target = SocketTarget.TLS(
            certificateAuthorityFile: authority?.file, certificateFile: certificate?.file, keyFile: key?.file,
            isInsecure: isInsecure)
        (target.certificateAuthority, target.certificate, target.key) = (
            authority?.bytes, certificate?.bytes, key?.bytes
        )
        return target
    }
}

extension RedisConfiguration.TLS.PEM {
    fileprivate var file: String? { if case .file(let path) = self { path } else { nil } }
    fileprivate var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
}
