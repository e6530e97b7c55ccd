internal import Glibc

/// What tells one configuration on a machine from another: the path of its file.
public enum ConfigPath {
    /// From the root. The directory's links are followed and the file's are not: where it is one, it is led elsewhere for each
    /// change.
    ///
    /// - Returns: `nil` if the directory is not there.
    public static func canonical(_ path: String) -> String? {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let file = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard let real = realpath(directory, nil) else { return nil }
        defer { free(real) }
        let parent = String(cString: real)
        return (parent == "/" ? "" : parent) + "/" + file
    }

    /// FNV-1a, in hexadecimal digits: for names that may not be as long as a path.
    public static func hash(_ path: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
