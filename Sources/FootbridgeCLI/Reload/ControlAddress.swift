import Footbridge
import Glibc

/// Where a bridge listens to commands on its machine: a name in Linux' abstract namespace (unix(7)), which needs no directory, goes
/// with its process, and tells what it belongs to: the configuration's path, and the process.
struct ControlAddress: Equatable {
    let name: String

    /// - Returns: `nil` if the configuration's directory is not there.
    init?(config path: String, pid: Int32 = getpid()) {
        guard let prefix = Self.prefix(config: path) else { return nil }
        name = "\(prefix)\(pid)"
    }

    private init(name: String) { self.name = name }

    var pid: Int32? { Int32(name[(name.lastIndex(of: ".").map { name.index(after: $0) } ?? name.startIndex)...]) }

    /// Those of all bridges that run with this configuration, as the kernel lists them.
    static func all(config path: String) -> [ControlAddress] {
        guard let prefix = prefix(config: path), let table = text("/proc/self/net/unix") else { return [] }
        let names = table.split(separator: "\n").compactMap { line -> String? in
            guard let at = line.lastIndex(of: "@"), line[line.index(after: at)...].hasPrefix(prefix) else { return nil }
            return String(line[line.index(after: at)...])
        }
        // One that has a connection is listed with it, too.
        return Set(names).sorted().map { ControlAddress(name: $0) }
    }

    /// `footbridge.<FNV-1a of the path>.`: the path itself may be longer than a name.
    private static func prefix(config path: String) -> String? {
        ConfigPath.canonical(path).map { "footbridge.\(ConfigPath.hash($0))." }
    }

    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A NUL in front; the length alone ends the name.
        let bytes = [0] + Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
