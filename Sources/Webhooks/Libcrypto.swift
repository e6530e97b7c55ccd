internal import COpenSSL

/// What libcrypto says of itself.
public enum Libcrypto {
    /// The version that is loaded, for example `3.0.19`.
    public static var version: String { String(cString: footbridge_openssl_version()) }
}
