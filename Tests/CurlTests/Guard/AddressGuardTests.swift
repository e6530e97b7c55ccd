import Testing

@testable import FootbridgeCurl

/// The table of addresses: each range by its first and its last address, and the neighbours outside of it.
struct AddressGuardTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text), "\(text)") }

    private func isRefused(_ text: String, allow: [String] = []) throws -> Bool {
        let ranges = try allow.map { try AddressRange($0) }
        return AddressGuard(ranges: ranges).refusal(of: try address(text)) != nil
    }

    /// <https://www.iana.org/assignments/iana-ipv4-special-registry/>, and multicast (RFC 5771).
    @Test(
        arguments: [
            ("0.0.0.0", "0.255.255.255", nil, "1.0.0.0"), ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
            ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
            ("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
            ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
            ("192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"),
            ("192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
            ("192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"),
            ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
            ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
            ("198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"),
            ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
            ("224.0.0.0", "239.255.255.255", "223.255.255.255", nil), ("240.0.0.0", "255.255.255.255", nil, nil),
        ] as [(String, String, String?, String?)])
    func `special ranges of IPv4 are refused, and their neighbours are not`(
        first: String, last: String, before: String?, behind: String?
    ) throws {
        for inside in [first, last] {
            #expect(try isRefused(inside), "\(inside)")
            #expect(try isRefused("::ffff:\(inside)"), "::ffff:\(inside)")
        }
        for outside in [before, behind].compactMap(\.self) {
            #expect(try !isRefused(outside), "\(outside)")
            #expect(try !isRefused("::ffff:\(outside)"), "::ffff:\(outside)")
        }
    }

    /// <https://www.iana.org/assignments/iana-ipv6-special-registry/>, multicast and site-local (RFC 4291, RFC 3879).
    @Test(
        arguments: [
            ("::", "::1", nil, nil), ("::1.2.3.4", "::ffff:ffff", nil, "::1:0:0"),
            ("64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9a:ffff::", "64:ff9b::1:0:0"),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:0:ffff::", "64:ff9b:2::"),
            ("100::", "100::ffff:ffff:ffff:ffff", "ff:ffff::", "100:0:0:1::"),
            ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff::", "2001:1::"),
            ("2001:10::", "2001:1f:ffff::", "2001:f::", nil), ("2001:20::", "2001:2f:ffff::", nil, "2001:30::"),
            ("2001:db8::", "2001:db8:ffff:ffff::", "2001:db7:ffff::", "2001:db9::"),
            ("2002::", "2002:ffff:ffff::", "2001:ffff::", "2003::"),
            ("3fff::", "3fff:fff:ffff::", "3ffe:ffff::", "3fff:1000::"), ("5f00::", "5f00:ffff::", "5eff::", "5f01::"),
            ("fc00::", "fdff:ffff::", "fbff:ffff::", "fe00::"), ("fe80::", "febf:ffff::", "fe7f:ffff::", nil),
            ("fec0::", "feff:ffff::", nil, nil), ("ff00::", "ffff:ffff::", nil, nil),
        ] as [(String, String, String?, String?)])
    func `special ranges of IPv6 are refused, and their neighbours are not`(
        first: String, last: String, before: String?, behind: String?
    ) throws {
        for inside in [first, last] { #expect(try isRefused(inside), "\(inside)") }
        for outside in [before, behind].compactMap(\.self) { #expect(try !isRefused(outside), "\(outside)") }
    }

    @Test(arguments: ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"])
    func `the clouds' metadata are out of reach`(metadata: String) throws {
        #expect(try isRefused(metadata))
    }

    @Test(arguments: ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"])
    func `receivers on the internet are not`(receiver: String) throws {
        #expect(try !isRefused(receiver))
    }

    @Test(
        arguments: [
            ("10.1.2.3", ["10.0.0.0/8"], true), ("10.1.2.3", ["10.1.2.3"], true), ("10.1.2.4", ["10.1.2.3"], false),
            ("10.1.2.3", ["0.0.0.0/0"], true), ("::ffff:10.1.2.3", ["10.0.0.0/8"], true),
            ("10.1.2.3", ["::ffff:10.0.0.0/104"], true), ("::1", ["127.0.0.0/8"], false), ("::1", ["::1"], true),
            ("fd00::7", ["fd00::/8"], true), ("fe80::7", ["fd00::/8"], false), ("10.1.2.3", ["::/0"], false),
            // A name behind NAT64 may lead into the network that only seems to be allowed.
            ("64:ff9b::a01:203", ["64:ff9b::/96"], false), ("64:ff9b::a01:203", ["10.0.0.0/8"], false),
            ("64:ff9b::a01:203", ["64:ff9b::/96", "10.0.0.0/8"], true), ("64:ff9b::808:808", ["64:ff9b::/96"], true),
            ("2002:a01:203::1", ["2002::/16"], false), ("2002:808:808::1", ["2002::/16"], true),
            ("2001:0:808:808::f5fe:fdfc", ["2001::/32"], false), ("2001:0:808:808::f7f7:f7f7", ["2001::/32"], true),
            ("::a01:203", ["::/96"], false), ("::808:808", ["::/96"], true),
        ] as [(String, [String], Bool)])
    func `what is allowed passes, as far as it is meant`(text: String, allow: [String], passes: Bool) throws {
        #expect(try isRefused(text, allow: allow) == !passes)
    }

    @Test(
        arguments: [
            ("10.0.0.7/8", .bitsBehindPrefix(try? AddressRange("10.0.0.0/8"))), ("10.0.0.0/33", .prefix),
            ("10.0.0.0/", .prefix), ("10.0.0.0/-1", .prefix), ("10.0.0.0/8/8", .prefix), ("::/129", .prefix),
            ("10.0.0", .noAddress), ("010.0.0.1", .noAddress), ("0x7f000001", .noAddress), ("2130706433", .noAddress),
            ("[::1]", .noAddress), ("fe80::1%eth0", .noAddress), ("", .noAddress), ("a/8", .noAddress),
        ] as [(String, Expected)])
    func `ranges that are none say why`(text: String, expected: Expected) {
        let fault = #expect(throws: AddressRange.Fault.self) { try AddressRange(text) }
        switch (fault, expected) {
        case (.prefix, .prefix), (.noAddress, .noAddress): break
        case (.bitsBehindPrefix(let range), .bitsBehindPrefix(let other)): #expect(range == other)
        default: Issue.record("\(String(describing: fault))")
        }
    }

    enum Expected: Sendable { case noAddress, prefix, bitsBehindPrefix(AddressRange?) }

    /// libcurl reads numbers as inet_aton(3) does.
    @Test(arguments: [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://0x7F000001:80/",
        "http://0177.0.0.1/", "http://017700000001/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://[0:0:0:0:0:0:0:1]/", "http://localhost/", "http://LOCALHOST./", "http://a.localhost:8080/",
        "https://169.254.169.254/latest/meta-data", "http://[fe80::1%25eth0]/", "http://[64:ff9b::7f00:1]/",
        "http://0/", "http://10.1/",
    ])
    func `a URL that shows where it leads is refused before anything is looked up`(url: String) {
        #expect(AddressGuard().refusal(ofURL: url) != nil)
    }

    @Test(arguments: [
        "http://example.com/", "http://8.8.8.8/", "http://134744072/", "http://127.0.0.1.example.com/", "http://",
    ])
    func `others are not`(url: String) {
        #expect(AddressGuard().refusal(ofURL: url) == nil)
    }

    @Test func `a name allows its own host, and an address of loopback allows localhost`() throws {
        let named = AddressGuard(names: ["localhost", "hooks.internal"])
        #expect(named.refusal(ofURL: "http://LocalHost./") == nil)
        #expect(named.refusal(ofURL: "http://127.0.0.1/") != nil)
        #expect(named.refusal(ofURL: "http://x.localhost/") != nil)
        #expect(named.allows(host: "Hooks.Internal."))
        #expect(!named.allows(host: "x.hooks.internal"))
        #expect(AddressGuard(ranges: [try AddressRange("::1")]).refusal(ofURL: "http://localhost/") == nil)
        #expect(AddressGuard(ranges: [try AddressRange("10.0.0.0/8")]).refusal(ofURL: "http://localhost/") != nil)
    }

    @Test func `a refusal says what would let it through`() throws {
        let refusal = try #require(AddressGuard().refusal(of: address("::ffff:10.1.2.3")))
        #expect(
            refusal.description == "10.1.2.3 is a private address; write allow: [\"10.1.2.3\"] if it is the receiver's")
    }
}
