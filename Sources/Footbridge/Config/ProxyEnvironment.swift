internal import FootbridgeCurl

/// `proxy` in the file.
enum ProxyText {
    case none
    case environment
    case url(String)

    static func parse(_ text: ConfigText) throws(Complaint) -> ProxyText {
        switch text.text {
        case "none": return .none
        case "environment": return .environment
        default: return .url(try checkURL(text.text))
        }
    }

    /// Without user and password.
    static func masked(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@"), let scheme = url.firstRange(of: "://") else { return url }
        return url[..<scheme.upperBound] + "***" + url[at...]
    }

    private static let schemes = ["http", "https", "socks5", "socks5h"]

    /// Not shown: it may hold a password.
    private static func checkURL(_ url: String) throws(Complaint) -> String {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard schemes.contains(scheme), url.dropFirst(scheme.count).hasPrefix("://") else {
            throw Complaint("must be none, environment, or begin with http://, https://, socks5:// or socks5h://")
        }
        let isPlain = url.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
        // libcurl's parser knows no scheme of SOCKS unless it connects.
        guard isPlain, URLHost.of("http" + url.dropFirst(scheme.count)) != nil else {
            throw Complaint("is no URL of a proxy; write http://proxy.example:3128")
        }
        return url
    }
}

/// Which proxy the variables of the environment ask for, as libcurl and others read them: `http_proxy` in lower case only
/// (a CGI program finds a client's header in the other), `https_proxy`, `all_proxy` and `no_proxy` in both.
///
/// Read here and not by libcurl, so that it is known whether a receiver's address will be seen.
struct ProxyEnvironment {
    let variable: (String) -> String?

    init(_ variable: @escaping (String) -> String?) { self.variable = variable }

    /// The variable and the proxy, or `nil` if the URL is to be reached directly.
    func proxy(for url: String) -> (variable: String, url: String)? {
        let isHTTPS = url.lowercased().hasPrefix("https:")
        let names = (isHTTPS ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]) + ["all_proxy", "ALL_PROXY"]
        for name in names {
            guard let value = variable(name) else { continue }
            // An empty one says that there is none.
            guard !value.isEmpty, !isExcepted(url) else { return nil }
            return (name, value.contains("://") ? value : "http://\(value)")
        }
        return nil
    }

    /// Whether `no_proxy` names the host: `*`, a name or the end of one, an address or a range.
    private func isExcepted(_ url: String) -> Bool {
        guard let list = variable("no_proxy") ?? variable("NO_PROXY"), let written = URLHost.of(url) else {
            return false
        }
        let host = AddressGuard.normalized(written.hasPrefix("[") ? String(written.dropFirst().dropLast()) : written)
        let address = IPAddress(host)
        return list.split(whereSeparator: { $0 == "," || $0 == " " }).contains { item in
            if item == "*" { return true }
            if let address { return (try? AddressRange(item)).map { $0.contains(address) } ?? false }
            let name = AddressGuard.normalized(String(item.drop { $0 == "." }))
            return !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
        }
    }
}
