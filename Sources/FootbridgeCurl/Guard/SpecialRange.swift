/// Ranges of addresses that no receiver on the internet has: behind them lie this machine, its network, the cloud's metadata,
/// or nobody.
///
/// From the registries of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry/>, <https://www.iana.org/assignments/iana-ipv6-special-registry/>),
/// multicast, and the ways to write an IPv4 address as one of IPv6. The metadata services of clouds are among the
/// link-local (169.254.169.254) and the private ones (fd00:ec2::254).
struct SpecialRange: Sendable {
    let range: AddressRange
    /// `a private address`
    let name: String
    /// Which bits of such an address are an IPv4 address that packets are passed on to.
    var embedded: (@Sendable (IPAddress) -> IPAddress)?

    static func of(_ address: IPAddress) -> SpecialRange? {
        (address.isIPv4 ? v4 : v6).first { $0.range.contains(address) }
    }

    private init(_ range: StaticString, _ name: String, embedded: (@Sendable (IPAddress) -> IPAddress)? = nil) {
        guard let range = try? AddressRange("\(range)") else { preconditionFailure("\(range) is no range") }
        (self.range, self.name, self.embedded) = (range, name, embedded)
    }

    private static let v4 = [
        SpecialRange("0.0.0.0/8", "an address of this host"),
        SpecialRange("10.0.0.0/8", "a private address"),
        SpecialRange("100.64.0.0/10", "a shared address of providers"),
        SpecialRange("127.0.0.0/8", "a loopback address"),
        SpecialRange("169.254.0.0/16", "a link-local address"),
        SpecialRange("172.16.0.0/12", "a private address"),
        SpecialRange("192.0.0.0/24", "a reserved address"),
        SpecialRange("192.0.2.0/24", "an address of documentation"),
        SpecialRange("192.88.99.0/24", "a relay of 6to4"),
        SpecialRange("192.168.0.0/16", "a private address"),
        SpecialRange("198.18.0.0/15", "an address of benchmarks"),
        SpecialRange("198.51.100.0/24", "an address of documentation"),
        SpecialRange("203.0.113.0/24", "an address of documentation"),
        SpecialRange("224.0.0.0/4", "a multicast address"),
        SpecialRange("255.255.255.255", "the broadcast address"),
        SpecialRange("240.0.0.0/4", "a reserved address"),
    ]

    private static let v6 = [
        SpecialRange("::", "an address of this host"),
        SpecialRange("::1", "a loopback address"),
        SpecialRange(
            "::/96", "an IPv4 address as IPv6", embedded: { IPAddress(v4: UInt32(truncatingIfNeeded: $0.low)) }),
        SpecialRange(
            "64:ff9b::/96", "an IPv4 address behind NAT64",
            embedded: { IPAddress(v4: UInt32(truncatingIfNeeded: $0.low)) }),
        SpecialRange("64:ff9b:1::/48", "an address behind a local NAT64"),
        SpecialRange("100::/64", "a discard address"),
        // The client's address is stored inverted (RFC 4380 §4).
        SpecialRange(
            "2001::/32", "an address of Teredo", embedded: { IPAddress(v4: ~UInt32(truncatingIfNeeded: $0.low)) }),
        SpecialRange("2001:10::/28", "an address of ORCHID"),
        SpecialRange("2001:20::/28", "an address of ORCHID"),
        SpecialRange("2001:db8::/32", "an address of documentation"),
        SpecialRange(
            "2002::/16", "an address of 6to4", embedded: { IPAddress(v4: UInt32(truncatingIfNeeded: $0.high >> 16)) }),
        SpecialRange("3fff::/20", "an address of documentation"),
        SpecialRange("5f00::/16", "an address of segment routing"),
        SpecialRange("fc00::/7", "a private address"),
        SpecialRange("fe80::/10", "a link-local address"),
        SpecialRange("fec0::/10", "a site-local address"),
        SpecialRange("ff00::/8", "a multicast address"),
    ]
}
