import Glibc

/// The address of a unix socket: a path, or with `@` in front a name in Linux' abstract namespace (unix(7)).
struct UnixAddress: Sendable {
    /// The longest path: `sun_path` has 108 bytes, the last for the NUL.
    static let longestPath = 107

    private var address = sockaddr_un()
    private let length: socklen_t

    /// `nil` if the text is empty, too long, holds a NUL, or is neither an absolute path nor an abstract name.
    init?(_ text: String) {
        var bytes = Array(text.utf8)
        guard bytes.count > 1, bytes.count <= Self.longestPath, !bytes.contains(0) else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "/"): bytes.append(0)
        // The length alone ends an abstract name; a NUL behind it would belong to the name.
        case UInt8(ascii: "@"): bytes[0] = 0
        default: return nil
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
