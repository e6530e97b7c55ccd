internal import CFootbridgeCurl

/// The host of a URL as libcurl reads it.
public enum URLHost {
    /// In brackets if it is an address of IPv6; numbers of IPv4 in their usual spelling, however the URL has them.
    public static func of(_ text: String) -> String? {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        var host: UnsafeMutablePointer<CChar>?
        guard curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK, let host
        else { return nil }
        defer { curl_free(host) }
        return String(cString: host)
    }

    /// The address that a host of a URL is, if it is no name.
    static func address(_ host: String) -> IPAddress? {
        guard host.hasPrefix("[") else { return IPAddress(AddressGuard.normalized(host)) }
        return IPAddress(host.dropFirst().prefix { $0 != "]" && $0 != "%" })
    }
}
