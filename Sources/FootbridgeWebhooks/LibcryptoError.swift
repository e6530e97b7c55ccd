import CFootbridgeOpenSSL

/// A call of libcrypto that failed: out of memory, or an algorithm that the system's OpenSSL configuration forbids.
public struct LibcryptoError: Error, Equatable, Sendable {
    /// The function that failed.
    public let call: String
    /// OpenSSL's own words, or its absence of any.
    public let reason: String

    /// Takes the oldest error of this thread's queue and empties the queue.
    init(_ call: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        self.call = call
        reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "no reason given"
    }
}

extension LibcryptoError: CustomStringConvertible {
    public var description: String { "\(call) of libcrypto failed: \(reason)" }
}
