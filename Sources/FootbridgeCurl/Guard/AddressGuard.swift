/// Which addresses may be connected to: all but the special ones (`SpecialRange`), and of those what was allowed.
///
/// What counts is the address that a connection is opened to, not the text of a URL: a name may resolve to anything, and to
/// something else a moment later.
public struct AddressGuard: Sendable, Hashable {
    public var ranges: [AddressRange]
    /// In lower case, without a dot at the end: such a host may have any address.
    public var names: [String]

    public init(ranges: [AddressRange] = [], names: [String] = []) {
        self.ranges = ranges
        self.names = names
    }

    /// An address that may not be connected to.
    public struct Refusal: Sendable, Hashable, CustomStringConvertible {
        public let address: IPAddress
        /// `a private address`
        public let name: String

        /// With what would let it through.
        public var description: String {
            "\(address) is \(name); write allow: [\"\(address)\"] if it is the receiver's"
        }
    }

    /// `nil` if the address may be connected to.
    ///
    /// An address that leads to another one, such as one of NAT64, is judged by both: whoever allows `64:ff9b::/96` has not
    /// allowed the private addresses behind it.
    public func refusal(of written: IPAddress) -> Refusal? {
        let address = written.unmapped
        guard let special = SpecialRange.of(address) else { return nil }
        guard ranges.contains(where: { $0.contains(address) }) else {
            return Refusal(address: address, name: special.name)
        }
        return special.embedded.flatMap { refusal(of: $0(address)) }
    }

    /// Whether a host, as a URL has it, may have any address.
    public func allows(host: String) -> Bool {
        !names.isEmpty && names.contains(Self.normalized(host))
    }

    public static func normalized(_ host: String) -> String {
        let lower = host.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    public static func + (left: AddressGuard, right: AddressGuard) -> AddressGuard {
        AddressGuard(
            ranges: left.ranges + right.ranges.filter { !left.ranges.contains($0) },
            names: left.names + right.names.filter { !left.names.contains($0) })
    }
}

extension AddressGuard {
    /// What is known of a URL's host before anything is looked up: a number in any spelling that libcurl takes (decimal, octal,
    /// hexadecimal), or `localhost`. `nil` if it may be connected to as far as that shows.
    public func refusal(ofURL url: String) -> Refusal? {
        guard let host = URLHost.of(url), !allows(host: host) else { return nil }
        if let address = URLHost.address(host) { return refusal(of: address) }
        let name = Self.normalized(host)
        guard name == "localhost" || name.hasSuffix(".localhost") else { return nil }
        // RFC 6761 §6.3. One of the two is enough: libcurl tries both.
        let loopback = ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
        let refusals = loopback.compactMap { refusal(of: $0) }
        return refusals.count == loopback.count ? refusals.first : nil
    }
}

extension AddressGuard: CustomStringConvertible {
    /// `[10.0.0.0/8, localhost]`
    public var description: String { "[\((ranges.map(\.description) + names).joined(separator: ", "))]" }
}
