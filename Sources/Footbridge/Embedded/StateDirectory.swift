import Glibc

/// Where Footbridge keeps what must outlive it: the embedded Redis' data and the locks.
public enum StateDirectory {
    /// The absolute path of the state directory, which need not exist yet.
    ///
    /// In this order: what was given (`--state`); `$STATE_DIRECTORY`, which systemd sets to what `StateDirectory=` names;
    /// `/var/lib/footbridge` if it can be written or, by root, made; `$XDG_STATE_HOME/footbridge`;
    /// `~/.local/state/footbridge`. Relative paths in the environment are ignored, as the XDG specification wants it.
    public static func path(given: String?) -> String {
        path(
            given: given, isRoot: geteuid() == 0, isWritable: { access($0, W_OK | X_OK) == 0 },
            variable: { getenv($0).map { String(cString: $0) } })
    }

    /// Makes the directory, for its owner alone (0700), and the ones above it where they are missing.
    public static func create(_ path: String) throws(EmbeddedRedisError) {
        var status = stat()
        if stat(path, &status) == 0 {
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            let failure = isDirectory ? (access(path, R_OK | W_OK | X_OK) == 0 ? 0 : errno) : ENOTDIR
            guard failure == 0 else { throw .unusableDirectory(path: path, errno: failure) }
            return
        }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            let parent = String(path[..<slash])
            if access(parent, F_OK) != 0 { try create(parent) }
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .unusableDirectory(path: path, errno: errno) }
    }

    static let systemDirectory = "/var/lib/footbridge"

    static func path(
        given: String?, isRoot: Bool, isWritable: (String) -> Bool, variable: (String) -> String?
    ) -> String {
        if let given, !given.isEmpty { return absolute(given) }
        // systemd separates several with colons; the first one is the unit's first.
        if let first = variable("STATE_DIRECTORY")?.split(separator: ":").first, first.hasPrefix("/") {
            return String(first)
        }
        if isRoot || isWritable(systemDirectory) { return systemDirectory }
        if let home = variable("XDG_STATE_HOME"), home.hasPrefix("/") { return home + "/footbridge" }
        if let home = variable("HOME"), home.hasPrefix("/") { return home + "/.local/state/footbridge" }
        return systemDirectory
    }

    /// The path from the root, without a slash at its end. Symbolic links stay: below systemd's `DynamicUser` what they
    /// point to cannot be reached by every path.
    static func absolute(_ path: String) -> String {
        var path = path
        while path.count > 1, path.last == "/" { path.removeLast() }
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        let directory = String(cString: here)
        return path == "." ? directory : (directory == "/" ? "" : directory) + "/" + path
    }
}
