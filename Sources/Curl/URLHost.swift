internal import CCurl

/// The host of a URL as libcurl reads it.
enum URLHost {
    static func of(_ text: String) -> String? {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        var host: UnsafeMutablePointer<CChar>?
        guard curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK, let host
        else { return nil }
        defer { curl_free(host) }
        return String(cString: host)
    }
}
