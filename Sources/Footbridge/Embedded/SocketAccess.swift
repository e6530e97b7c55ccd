internal import Glibc

/// Who may use the socket of the embedded Redis, and the way to it.
struct SocketAccess {
    let path: String
    let mode: mode_t
    /// `nil`: the process' own.
    let groupID: gid_t?
    private let groupName: String

    init(_ path: String, _ config: EmbeddedConfig) throws(EmbeddedRedisError) {
        self.path = path
        mode = config.socketMode
        groupName = config.socketGroup ?? ""
        groupID = try config.socketGroup.map { name throws(EmbeddedRedisError) in try Self.number(of: name) }
    }

    /// Makes the socket's directory if it is missing: passable for all, for what is in it has rights of its own. One that is there
    /// is left as it is.
    func makeDirectory() throws(EmbeddedRedisError) {
        // redis-server removes what it finds at the path.
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK { throw .notASocket(path: path) }
        try Self.make(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    }

    /// Gives the socket, which is for its owner alone, to those who may use it.
    func grant() throws(EmbeddedRedisError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unusableSocket(path: path, errno: errno) }
        if let groupID, groupID != status.st_gid, chown(path, .max, groupID) != 0 {
            throw .groupRefused(group: groupName, errno: errno)
        }
        guard status.st_mode & 0o777 == mode || chmod(path, mode) == 0 else {
            throw .unusableSocket(path: path, errno: errno)
        }
    }

    /// The first directory on the way to the socket that those who may use it cannot pass; their ACLs are not looked at.
    func obstacle() -> String? {
        var status = stat()
        guard mode & 0o022 != 0, stat(path, &status) == 0 else { return nil }
        let gid = status.st_gid
        var directory = ""
        for part in path.split(separator: "/").dropLast() {
            directory += "/\(part)"
            guard stat(directory, &status) == 0 else { continue }
            let isPassable = status.st_mode & (status.st_gid == gid && mode & 0o002 == 0 ? 0o010 : 0o001) != 0
            if !isPassable { return directory }
        }
        return nil
    }

    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Whether both are one socket, and the first no link to the other.
    static func isSame(_ path: String, _ other: String) -> Bool {
        var (one, two) = (stat(), stat())
        return lstat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino
    }

    // MARK: -

    private static func make(_ directory: String) throws(EmbeddedRedisError) {
        guard !directory.isEmpty, access(directory, F_OK) != 0 else { return }
        if let slash = directory.lastIndex(of: "/") { try make(String(directory[..<slash])) }
        // Whatever the umask is.
        guard mkdir(directory, 0o711) == 0 && chmod(directory, 0o711) == 0 else {
            throw .unusableSocket(path: directory, errno: errno)
        }
    }

    private static func number(of name: String) throws(EmbeddedRedisError) -> gid_t {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var room = [CChar](repeating: 0, count: 1 << 16)
        // Room for some thousand members.
        if getgrnam_r(name, &entry, &room, room.count, &found) == 0, found != nil { return entry.gr_gid }
        if let number = UInt32(name), number != .max { return number }
        throw .noSuchGroup(name)
    }
}
