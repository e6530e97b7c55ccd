internal import CFootbridgeCurl

/// What libcurl needs once per process, and what it says of itself.
public enum CurlGlobal {
    /// Evaluated once, by the first handle or loop that is made.
    static let ready: Bool = {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else { return false }
        ExitGate.register()
        return true
    }()

    /// For example `7.88.1`.
    public static var version: String {
        _ = ready
        return String(cString: footbridge_curl_version())
    }

    /// The TLS library that libcurl was built with, for example `OpenSSL/3.0.19`.
    public static var tlsVersion: String {
        _ = ready
        return footbridge_curl_ssl_version().map { String(cString: $0) } ?? "none"
    }
}
