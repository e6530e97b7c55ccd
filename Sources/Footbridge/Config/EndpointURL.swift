/// What a webhook's URL must be. Messages do not repeat it: tokens stand in paths and queries.
enum EndpointURL {
    static func check(_ text: ConfigText) throws(Complaint) -> String {
        let url = text.text
        guard url.utf8.allSatisfy({ (0x21..<0x7F).contains($0) && !forbidden.contains($0) }) else {
            throw Complaint("holds a character that no URL may; write it as %XX, or a host in punycode")
        }
        let scheme = url.prefix { $0 != ":" }
        guard ["http", "https"].contains(scheme.lowercased()), url.dropFirst(scheme.count).hasPrefix("://") else {
            throw Complaint("must begin with http:// or https://")
        }
        guard !url.contains("#") else { throw Complaint("has a fragment, which is never sent; remove it from # on") }
        let authority = url.dropFirst(scheme.count + 3).prefix { !"/?".contains($0) }
        guard !authority.contains("@") else {
            throw Complaint("holds a user or password; put them into headers: { Authorization: … }")
        }
        let isAddress = authority.hasPrefix("[")
        let host = isAddress ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        guard !host.isEmpty else { throw Complaint("has no host; write https://example.com/hooks") }
        guard authority.hasPrefix(host), isHost(isAddress ? host.dropFirst().dropLast() : host, isAddress) else {
            throw Complaint("the host is neither a name nor an address; an IPv6 address stands in brackets")
        }
        let port = authority.dropFirst(host.count)
        guard port.isEmpty || isPort(port.dropFirst()) else { throw Complaint("the port must be 1 to 65535") }
        return url
    }

    /// What is wrong with a URL that was made from an entry; `nil`: nothing.
    static func objection(to bytes: [UInt8]) -> String? {
        let url = String(decoding: bytes, as: UTF8.self)
        do throws(Complaint) {
            _ = try check(ConfigText(text: url, shown: "the URL", isLiteral: false))
            return nil
        } catch {
            return error.message
        }
    }

    /// Scheme, host and port: `https://example.com:8443`.
    static func origin(_ url: [UInt8]) -> ArraySlice<UInt8> {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")) else { return url[...] }
        let host = min(colon + 3, url.endIndex)
        return url[..<(url[host...].firstIndex { "/?".utf8.contains($0) } ?? url.endIndex)]
    }

    /// Parsers disagree about these (a `\` may end the host), so none gets to see them.
    private static let forbidden = Set("\"<>\\^`{|}".utf8)

    private static func isPort(_ digits: Substring) -> Bool {
        digits.allSatisfy { $0.isASCII && $0.isNumber } && UInt16(digits).map { $0 > 0 } == true
    }

    private static func isHost(_ host: Substring, _ isAddress: Bool) -> Bool {
        isAddress
            ? host.contains(":") && host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
            : host.utf8.allSatisfy(isWordByte)
    }
}
