/// All addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or a single one.
public struct AddressRange: Sendable, Hashable {
    public let base: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let prefix: Int

    /// Why a text is no range.
    public enum Fault: Error, Equatable {
        case noAddress
        case prefix
        /// Bits behind the prefix are set: probably a slip, for `10.0.0.7/8` is all of `10.0.0.0/8`.
        case bitsBehindPrefix(AddressRange)
    }

    init(_ base: IPAddress, _ prefix: Int) { (self.base, self.prefix) = (base, prefix) }

    /// `address` or `address/prefix`. A range of IPv4 written as one of IPv6 (`::ffff:10.0.0.0/104`) is the former.
    public init(_ text: some StringProtocol) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let written = parts.first.flatMap({ IPAddress($0) }) else { throw .noAddress }
        let width = written.isIPv4 ? 32 : 128
        var prefix = width
        if parts.count == 2 {
            let isNumber = !parts[1].isEmpty && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isNumber, let number = Int(parts[1]), number <= width else { throw .prefix }
            prefix = number
        }
        var base = written
        if !written.isIPv4, written.unmapped.isIPv4, prefix >= 96 { (base, prefix) = (written.unmapped, prefix - 96) }
        let range = AddressRange(base.masked(prefix), prefix)
        guard range.base == base else { throw .bitsBehindPrefix(range) }
        self = range
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == base.isIPv4 && address.masked(prefix) == base
    }
}

extension AddressRange: CustomStringConvertible {
    public var description: String { prefix == (base.isIPv4 ? 32 : 128) ? "\(base)" : "\(base)/\(prefix)" }
}

extension IPAddress {
    /// The first `prefix` bits, the others 0.
    fileprivate func masked(_ prefix: Int) -> IPAddress {
        if isIPv4 { return IPAddress(v4: UInt32(truncatingIfNeeded: low) & ~(UInt32.max >> UInt32(prefix))) }
        return IPAddress(
            high: high & ~(UInt64.max >> UInt64(min(prefix, 64))),
            low: low & ~(UInt64.max >> UInt64(max(0, prefix - 64))))
    }
}
