import CFootbridgeOpenSSL

/// The `webhook-id` of every entry of one stream: `msg_<hash of the stream's key>_<ms>-<seq>`.
///
/// A pure function of the namespace, the stream's key and the entry's id, so that it stays the same on every attempt,
/// instance and replay. The hash is the first 8 bytes of a SHA-256 in hexadecimal, of the key alone, or of
/// `<namespace> NUL <key>`: entry ids are unique only within their stream, keys only within their database, and a key may
/// hold bytes that no header can. Only `[A-Za-z0-9_-]` occur, hence no `.`, which would make the signed bytes ambiguous.
public struct MessageID: Sendable, Equatable {
    private let prefix: [UInt8]

    /// - Parameters:
    ///   - stream: the stream's key.
    ///   - namespace: what tells this stream from one of the same key elsewhere; without a NUL, which ends it.
    public init(stream: some Collection<UInt8>, namespace: String? = nil) throws(LibcryptoError) {
        let key = (namespace.map { Array($0.utf8) + [0] } ?? []) + Array(stream)
        var digest = [UInt8](repeating: 0, count: 32)
        guard footbridge_sha256(key, key.count, &digest) == 1 else { throw LibcryptoError("EVP_Digest") }
        prefix = Array("msg_".utf8) + Self.hexadecimal(digest.prefix(8)) + [UInt8(ascii: "_")]
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Appends the id of a request that carries several entries: `msg_` and the first 16 bytes of a SHA-256 of their ids, in
    /// hexadecimal. The same entries in the same order have the same id; others, or fewer of them, have another.
    ///
    /// - Parameter ids: those of the entries, one after the other. None can be taken for two: each begins with `msg_`.
    public static func appendBatch(of ids: [UInt8], to out: inout [UInt8]) throws(LibcryptoError) {
        var digest = [UInt8](repeating: 0, count: 32)
        guard footbridge_sha256(ids, ids.count, &digest) == 1 else { throw LibcryptoError("EVP_Digest") }
        out.append(contentsOf: "msg_".utf8)
        out.append(contentsOf: hexadecimal(digest.prefix(16)))
    }

    /// Appends the id of the entry `milliseconds-sequence`.
    public func append(milliseconds: UInt64, sequence: UInt64, to out: inout [UInt8]) {
        out.append(contentsOf: prefix)
        out.appendDecimal(milliseconds)
        out.append(UInt8(ascii: "-"))
        out.appendDecimal(sequence)
    }
}
