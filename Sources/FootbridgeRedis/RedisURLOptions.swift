/// The part of a URL after "?".
struct RedisURLOptions {
    private(set) var tls = RedisURL.TLSOptions()
    private(set) var database: Int?
    private(set) var clientName: String?
    /// The first option that makes sense for TLS only.
    private(set) var tlsOption: String?

    static let names = ["ca", "cert", "key", "insecure", "server_name", "name", "db"]

    init(_ query: ArraySlice<UInt8>) throws(RedisURLError) {
        var seen: Set<String> = []
        for pair in query.split(separator: UInt8(ascii: "&")) {
            var rawName = pair
            let rawValue = rawName.cut(at: UInt8(ascii: "=")) ?? []
            let name = try rawName.percentDecoded("an option's name")
            guard Self.names.contains(name) else { throw Self.unknown(name) }
            guard seen.insert(name).inserted else { throw RedisURLError(#"option "\#(name)" stands twice"#) }
            let value = try rawValue.percentDecoded(#"option "\#(name)""#)
            guard !value.isEmpty else { throw RedisURLError(#"option "\#(name)" has no value; write \#(name)=…"#) }
            try set(name, value, rawValue)
        }
        guard tls.key == nil || tls.cert != nil else { throw RedisURLError(#"option "key" needs "cert" beside it"#) }
    }

    private mutating func set(_ name: String, _ value: String, _ raw: ArraySlice<UInt8>) throws(RedisURLError) {
        switch name {
        case "db":
            database = try raw.databaseNumber()
            return
        case "name":
            // The server's own rule for CLIENT SETNAME.
            guard value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw RedisURLError(#"option "name" takes printable ASCII characters without spaces"#)
            }
            clientName = value
            return
        case "ca": tls.ca = value
        case "cert": tls.cert = value
        case "key": tls.key = value
        case "server_name": tls.serverName = value
        default:
            guard value == "true" || value == "false" else {
                throw RedisURLError(#"insecure "\#(value)" is neither true nor false"#)
            }
            tls.insecure = value == "true"
        }
        tlsOption = tlsOption ?? name
    }

    private static func unknown(_ name: String) -> RedisURLError {
        let near = names.first { name.hasPrefix($0) || $0.hasPrefix(name) || isOneEditApart(name, $0) }
        let cure = near.map { #"did you mean "\#($0)"?"# } ?? "there are \(names.joined(separator: ", "))"
        return RedisURLError(#"unknown option "\#(name)"; \#(cure)"#)
    }

    /// One character added, left out or changed.
    private static func isOneEditApart(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard abs(left.count - right.count) <= 1 else { return false }
        let start = zip(left, right).prefix { $0 == $1 }.count
        let end = zip(left[start...].reversed(), right[start...].reversed()).prefix { $0 == $1 }.count
        return max(left.count, right.count) - start - end <= 1
    }
}
