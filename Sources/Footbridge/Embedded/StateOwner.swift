internal import FootbridgeCurl
internal import Glibc

/// The configuration that a state directory belongs to, as the file `configuration` in it says.
///
/// Two configurations on one state would be two bridges on one Redis, of which only one can run, and either would be missing
/// when entries come for it.
public struct StateOwner: Sendable, Equatable {
    /// From the root.
    public let path: String
    /// Device and inode: a file that was moved is still known by them.
    let file: String

    /// - Returns: `nil` if the configuration is no file that will be there again: a pipe of a shell, for example.
    public init?(config: String) {
        guard let path = ConfigPath.canonical(config), !path.hasPrefix("/proc/"), !path.hasPrefix("/dev/") else {
            return nil
        }
        self.init(path: path, file: Self.identity(of: path) ?? Self.unknown)
    }

    private init(path: String, file: String) {
        self.path = path
        self.file = file
    }

    /// What the state directory is called where configurations have theirs side by side: `orders-1f3870be`.
    var directoryName: String {
        let file = path.split(separator: "/").last ?? ""
        let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file
        let name = String(decoding: stem.utf8.prefix(24).map { isWordByte($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
        return "\(name)-\(ConfigPath.hash(path).suffix(8))"
    }

    /// Whether there still is a file where this configuration was.
    var exists: Bool { access(path, F_OK) == 0 }

    /// Whether the file has this place now, and had the other one before.
    func wasMoved(from other: StateOwner) -> Bool { !other.exists && isSameFile(as: other) }

    func isSameFile(as other: StateOwner) -> Bool { file == other.file && file != Self.unknown }

    // MARK: -

    private static let unknown = "unknown"

    private static func marker(_ state: String) -> String { state + "/configuration" }

    /// - Returns: `nil` if the directory belongs to nobody yet, or cannot be read.
    static func of(_ state: String) -> StateOwner? {
        guard let text = WholeFile.read(marker(state)) else { return nil }
        // The path may hold a line break; what stands behind it holds none.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, lines.last == "", text.hasPrefix("/") else { return nil }
        return StateOwner(path: lines.dropLast(2).joined(separator: "\n"), file: String(lines[lines.count - 2]))
    }

    /// Makes the directory this configuration's. Whole or not at all.
    func claim(_ state: String) throws(EmbeddedRedisError) {
        guard Self.of(state) != self else { return }
        let path = Self.marker(state)
        do throws(SystemFailure) {
            try WholeFile.write("\(self.path)\n\(file)\n", to: path)
        } catch {
            throw .unusableDirectory(path: path, errno: error.code)
        }
    }

    private static func identity(of path: String) -> String? {
        var status = stat()
        return lstat(path, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
    }
}
