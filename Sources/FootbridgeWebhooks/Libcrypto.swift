internal import CFootbridgeOpenSSL

/// What libcrypto says of itself.
public enum Libcrypto {
    /// The version that is loaded, for example `3.0.19`.
    public static var version: String { String(cString: footbridge_openssl_version()) }

    /// Keeps OpenSSL's tables until the process is gone, also while `exit` runs. To be called before anything else of OpenSSL.
    public static func stay() { _ = footbridge_openssl_stays() }
}
