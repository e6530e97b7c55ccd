internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis

/// The bucket of one endpoint that all instances on one Redis share: the same arithmetic as `TokenBucket`, by the server's clock.
///
/// `KEYS` the bucket; `ARGV` microseconds for a token, burst, microseconds that tokens may be given ahead, tokens that are owed,
/// tokens that are wanted. → how many are given, and in how many microseconds the first of them is due (negative: saved up).
///
/// The key holds when the bucket will be full, in microseconds since 1970, and goes a second after that. A time that is too
/// far ahead even for a bucket that owes its whole burst comes from a clock that has been set back since: then the bucket counts
/// as empty, instead of being so until that time.
enum TokenScript {
    static let text = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local interval, ahead = tonumber(ARGV[1]), tonumber(ARGV[3])
        local depth = interval * ARGV[2]
        local full = tonumber(redis.call('GET', KEYS[1]) or 0) or 0
        if full > now + 2 * depth + ahead + 60000000 then full = now + depth end
        full = math.max(full, now) + interval * ARGV[4]
        local delay = full + interval - depth - now
        local count = math.floor((now + depth + ahead - full) / interval + 0.001)
        count = math.max(0, math.min(count, tonumber(ARGV[5])))
        full = full + interval * count
        local left = string.format('%.0f', math.ceil((full - now) / 1000) + 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', left)
        return {count, math.ceil(delay)}
        """

    /// - Parameter isWhole: the server does not know the script.
    static func command(
        _ call: TokenLots.Call, _ limit: RateLimit, key: String, _ script: LoadedScript, isWhole: Bool = false,
        on connection: RedisConnection
    ) -> RESPCommand {
        var encoder = script.begin(keys: 1, arguments: 6, isWhole: isWhole, capacity: 128, on: connection)
        for argument in [key] + arguments(call, limit) { encoder.argument(argument) }
        return RESPCommand(name: "EVAL", encoded: encoder.bytes)
    }

    static func arguments(_ call: TokenLots.Call, _ limit: RateLimit) -> [String] {
        [
            "\(1_000_000 / limit.perSecond)", "\(limit.burst)", "\(TokenLots.horizon.wholeNanoseconds / 1000)",
            "\(call.owed)", "\(call.wanted)",
        ]
    }

    /// - Returns: `nil` if the script promises another shape.
    static func grant(_ reply: RESPValue) -> TokenLots.Grant? {
        guard let parts = reply.elements, parts.count == 2, let count = parts[0].integer, let delay = parts[1].integer
        else { return nil }
        return TokenLots.Grant(count: Int(clamping: count), delay: .microseconds(delay))
    }
}

extension RouteConfig {
    /// The key of the bucket that all instances share, if there is one: `footbridge:rate:<hash of the endpoint>`.
    ///
    /// A URL has no other path and no other socket on another instance; its files of TLS and its secrets may differ for a while,
    /// so they make no other bucket. The hash hides the URL, whose path may be a secret.
    public var rateKey: String? {
        guard rate?.scope == .cluster else { return nil }
        let name =
            switch destination.endpointIdentity {
            case .webhook(let url, let connection, _): "webhook \(url) \(connection.unixSocket ?? "")"
            case .redis(let name): name
            }
        return Self.rateKey(of: name)
    }

    /// The same of one of the endpoints that entries name: a host, whatever route leads there, or what `webhook.endpoint` gives for
    /// the URL of this one.
    func rateKey(ofEndpoint name: String) -> String? {
        guard rate?.scope == .cluster, let webhook else { return nil }
        return Self.rateKey(
            of: webhook.endpointKey == nil ? "host \(name)" : "endpoint \(webhook.writtenURL) \(name)")
    }

    private static func rateKey(of name: String) -> String {
        let hash = name.utf8.reduce(0) { SplitMix.mixed($0 ^ UInt64($1)) }
        return RateLimit.keyPrefix + String(hash, radix: 16)
    }
}
