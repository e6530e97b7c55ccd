internal import FootbridgeRedis

extension RedisConfiguration {
    /// What a URL says; see `Redis.connect(_:deadline:)`.
    ///
    /// - Throws: `invalidConfiguration` with the first thing that is wrong, and how it is written right.
    public init(_ url: String) throws(Redis.Failure) {
        let url = try RedisURL.parsed(url)
        self.init(
            Endpoint(url.endpoint), tls: url.tls.map(TLS.init), user: url.user, password: url.password,
            database: url.database, clientName: url.clientName)
    }
}

extension RedisConfiguration.Sentinel {
    /// - Parameters:
    ///   - master: what the Sentinels call it.
    ///   - urls: `redis://10.0.0.1:26379`; credentials and TLS in the first are for all of them.
    /// - Throws: `invalidConfiguration`.
    public init(master: String, urls: [String]) throws(Redis.Failure) {
        var nodes: [RedisURL] = []
        for url in urls { nodes.append(try RedisURL.parsed(url)) }
        self.init(
            master: master, endpoints: nodes.map { RedisConfiguration.Endpoint($0.endpoint) }, user: nodes.first?.user,
            password: nodes.first?.password, tls: nodes.first?.tls.map(RedisConfiguration.TLS.init))
    }
}

extension RedisURL {
    fileprivate static func parsed(_ text: String) throws(Redis.Failure) -> RedisURL {
        do throws(RedisURLError) {
            return try RedisURL(text)
        } catch {
            throw Redis.Failure(.invalidConfiguration, reason: error.description)
        }
    }
}

extension RedisConfiguration.Endpoint {
    init(_ endpoint: RedisURL.Endpoint) {
        switch endpoint {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }
}

extension RedisConfiguration.TLS {
    init(_ options: RedisURL.TLSOptions) {
        self.init(
            authority: options.ca.map(PEM.file), certificate: options.cert.map(PEM.file),
            key: options.key.map(PEM.file), serverName: options.serverName, isInsecure: options.insecure)
    }
}
