internal import CFootbridgeCurl

/// An address of IPv4 or IPv6 as a number, without a zone.
public struct IPAddress: Sendable, Hashable {
    /// Of an IPv4 address 0.
    let high: UInt64
    let low: UInt64
    public let isIPv4: Bool

    init(v4: UInt32) { (high, low, isIPv4) = (0, UInt64(v4), true) }
    init(high: UInt64, low: UInt64) { (self.high, self.low, isIPv4) = (high, low, false) }

    /// An address in its usual spelling: four decimal numbers, or IPv6 without brackets and zone.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard !text.utf8.contains(0) else { return nil }
        var (v4, v6) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6)
        } else {
            return nil
        }
    }

    /// What libcurl is about to connect to; `nil` for what is no IP address, such as a unix socket.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let number = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
            self.init(v4: UInt32(bigEndian: number))
        case AF_INET6: self.init(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default: return nil
        }
    }

    private init(_ address: in6_addr) {
        let (high, low) = withUnsafeBytes(of: address) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
    }

    /// The IPv4 address that packets to this one go to on the wire: `::ffff:a.b.c.d` is but another spelling of it
    /// (RFC 4291 §2.5.5.2).
    var unmapped: IPAddress {
        high == 0 && low >> 32 == 0xffff && !isIPv4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : self
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            var bytes = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
