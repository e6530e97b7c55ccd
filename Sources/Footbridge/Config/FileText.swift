import Glibc

/// Reads small files whole.
enum FileText {
    /// - Throws: `Complaint`, which does not repeat the path.
    static func read(_ path: String, limit: Int) throws(Complaint) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable() }
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
        throw Complaint("is larger than \(SizeText.format(limit))")
    }

    /// Of `a/b.yaml` `a`, of `b.yaml` `.`.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func unreadable() -> Complaint {
        switch errno {
        case ENOENT, ENOTDIR: Complaint("does not exist; create it or correct its path")
        case EACCES, EPERM: Complaint("may not be read; give this user the right to")
        case EISDIR: Complaint("is a directory; name a file in it")
        case let code: Complaint("cannot be read (error \(code))")
        }
    }
}
