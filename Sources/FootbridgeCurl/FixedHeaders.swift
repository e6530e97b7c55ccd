internal import CFootbridgeCurl

/// The header lines that all requests of a handle have in common, as libcurl wants them. It reads them while a transfer
/// runs: they must live as long.
final class FixedHeaders {
    private var lines: UnsafeMutablePointer<curl_slist>?
    /// One line more, in front of `lines`.
    private var linesForLargeBodies: UnsafeMutablePointer<curl_slist>?

    /// None.
    init() {}

    /// - Throws: `TransportFailure.Kind.invalid` if a line holds a control character.
    init(_ lines: [String]) throws(TransportFailure) {
        let areSafe = lines.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 } }
        guard areSafe else {
            throw TransportFailure(kind: .invalid, message: "a header line with a control character")
        }
        // What throws from here on runs `deinit`.
        for line in lines { self.lines = try Self.append(line, to: self.lines) }
        // Of a body over 1 MiB libcurl would ask first, and wait up to a second for "100 Continue". Smaller ones are sent
        // without this line: libcurl compares each of its own headers with each of ours.
        let list = try Self.append("Expect:", to: nil)
        list.pointee.next = self.lines
        linesForLargeBodies = list
    }

    deinit { curl_slist_free_all(linesForLargeBodies ?? lines) }

    func list(bodyBytes: Int) -> UnsafeMutablePointer<curl_slist>? {
        bodyBytes > 512 * 1024 ? linesForLargeBodies : lines
    }

    private static func append(
        _ line: String, to list: UnsafeMutablePointer<curl_slist>?
    ) throws(TransportFailure) -> UnsafeMutablePointer<curl_slist> {
        guard let list = curl_slist_append(list, line) else { throw TransportFailure(CURLE_OUT_OF_MEMORY) }
        return list
    }
}
