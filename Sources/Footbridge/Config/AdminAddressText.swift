internal import Glibc

/// `admin.listen` and `redis.embedded.listen` in the file: `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`.
///
/// An address and no name: a name may have several, and would be looked up before anything else works.
enum AdminAddressText {
    static func parse(_ text: ConfigText) throws(Complaint) -> AdminAddress { try parse(text, example: 9464) }

    /// - Parameter example: the port that errors name.
    static func parse(_ text: ConfigText, example: Int) throws(Complaint) -> AdminAddress {
        let bytes = text.text.utf8
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), !text.text.hasSuffix("]") else {
            // A port alone is what other programs take for every address of the machine.
            let isPort = !text.text.isEmpty && text.text.allSatisfy(\.isASCIIDigit)
            let what = isPort ? "names no address" : "names no port"
            throw Complaint("\(text.shown) \(what); write 127.0.0.1:\(example)")
        }
        let (host, port) = (String(text.text[..<colon]), text.text[colon...].dropFirst())
        let address = try address(host, text, example)
        guard let number = UInt16(port), port.allSatisfy(\.isASCIIDigit) else {
            throw Complaint("\(text.shown): the port must be 1 to 65535, or 0 for any free one")
        }
        return AdminAddress(host: address, port: number)
    }

    private static func address(_ host: String, _ text: ConfigText, _ example: Int) throws(Complaint) -> String {
        if host == "localhost" { return "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            if isAddress(inner, AF_INET6) { return inner }
        } else if isAddress(host, AF_INET) {
            return host
        } else if host.contains(":") {
            throw Complaint("\(text.shown): an IPv6 address stands in brackets; write [::1]:\(example)")
        }
        throw Complaint(
            "\(text.shown) has no IP address before the port; write 127.0.0.1:\(example) or [::1]:\(example)")
    }

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        var room = in6_addr()
        return !text.utf8.contains(0) && inet_pton(family, text, &room) == 1
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
