internal import CFootbridgeCurl

/// Every option about connections that we set on a request is set in this file, with its reason.
extension ConnectionOptions {
    /// - Parameter url: where the request goes.
    /// - Returns: the list of CURLOPT_CONNECT_TO, if there is one: libcurl does not copy it, and its owner frees it after the
    ///   handle.
    func set(on easy: UnsafeMutableRawPointer, url: String) throws(TransportFailure) -> UnsafeMutablePointer<
        curl_slist
    >? {
        let options = EasyOptions(easy: easy)
        // Over TLS only: 7.88.1 cannot use connections again that speak HTTP/2 in the clear.
        try options.set(
            CURLOPT_HTTP_VERSION, Int(httpVersion == .http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
        if httpVersion == .http2 {
            // One connection carries them all; without this each request of a burst would make one of its own first.
            try options.set(CURLOPT_PIPEWAIT, 1)
        }
        try setProxy(options)
        try setTLS(options)
        if let unixSocket { try options.set(CURLOPT_UNIX_SOCKET_PATH, unixSocket) }
        guard let renamed = RenamedURL(url, serverName: tls.serverName) else {
            try options.set(CURLOPT_URL, url)
            return nil
        }
        try options.set(CURLOPT_URL, renamed.url)
        guard let list = curl_slist_append(nil, renamed.connectTo) else { throw TransportFailure(CURLE_OUT_OF_MEMORY) }
        try options.check(footbridge_set_list(easy, CURLOPT_CONNECT_TO, list))
        return list
    }

    /// Header lines that go with the options, beside those that the request has anyway.
    func headers(url: String, beside others: [String]) -> [String] {
        guard let renamed = RenamedURL(url, serverName: tls.serverName),
            !others.contains(where: { $0.lowercased().hasPrefix("host:") })
        else { return [] }
        return ["Host: \(renamed.host)"]
    }

    private func setProxy(_ options: EasyOptions) throws(TransportFailure) {
        // "" and not NULL: NULL lets http_proxy and friends of the environment through.
        try options.set(CURLOPT_PROXY, proxy ?? "")
        // And no_proxy; what it says has been looked at already.
        try options.set(CURLOPT_NOPROXY, "")
        guard proxy != nil else { return }
        // The proxy's answer to CONNECT is none to our request.
        try options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try options.set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    }

    private func setTLS(_ options: EasyOptions) throws(TransportFailure) {
        try options.set(CURLOPT_SSL_VERIFYPEER, tls.isInsecure ? 0 : 1)
        try options.set(CURLOPT_SSL_VERIFYHOST, tls.isInsecure ? 0 : 2)
        try options.set(
            CURLOPT_SSLVERSION, Int(tls.minimumVersion == .v13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2))
        if let file = tls.authorityFile {
            try options.set(CURLOPT_CAINFO, file)
            // Otherwise the system's directory of authorities counts beside the file.
            try options.check(footbridge_set_string(options.easy, CURLOPT_CAPATH, nil))
            // libcurl keeps what it has read of a file for a day; a new authority is to count within a minute.
            try options.set(CURLOPT_CA_CACHE_TIMEOUT, 60)
        }
        // Certificate and key are read for each new connection.
        if let file = tls.certificateFile { try options.set(CURLOPT_SSLCERT, file) }
        if let file = tls.keyFile { try options.set(CURLOPT_SSLKEY, file) }
        if let password = tls.keyPassword { try options.set(CURLOPT_KEYPASSWD, password) }
    }
}

/// A URL whose host is the name that the certificate must carry, and where to connect to in its place.
///
/// libcurl has no option for that name: it asks for (SNI) and verifies the URL's host. CURLOPT_CONNECT_TO connects
/// elsewhere, and the `Host` header stays that of the configured URL.
struct RenamedURL: Equatable {
    let url: String
    /// For CURLOPT_CONNECT_TO.
    let connectTo: String
    /// For the header.
    let host: String

    /// `nil` if nothing has to be renamed.
    init?(_ text: String, serverName: String?) {
        guard let serverName, let parts = curl_url() else { return nil }
        defer { curl_url_cleanup(parts) }
        let flags = UInt32(CURLU_PATH_AS_IS)
        guard curl_url_set(parts, CURLUPART_URL, text, flags) == CURLUE_OK,
            let host = Self.part(parts, CURLUPART_HOST), host.lowercased() != serverName.lowercased(),
            let port = Self.part(parts, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)),
            curl_url_set(parts, CURLUPART_HOST, serverName, 0) == CURLUE_OK,
            let renamed = Self.part(parts, CURLUPART_URL)
        else { return nil }
        url = renamed
        connectTo = "\(serverName):\(port):\(host):\(port)"
        self.host = Self.part(parts, CURLUPART_PORT).map { "\(host):\($0)" } ?? host
    }

    private static func part(_ url: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}

/// Sets options of an easy handle.
struct EasyOptions {
    let easy: UnsafeMutableRawPointer

    func set(_ option: CURLoption, _ value: Int) throws(TransportFailure) {
        try check(footbridge_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(TransportFailure) {
        try check(footbridge_set_string(easy, option, value))
    }

    func check(_ code: CURLcode) throws(TransportFailure) {
        guard code == CURLE_OK else { throw TransportFailure(code) }
    }
}
