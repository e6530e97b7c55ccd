import Glibc

/// Where Footbridge keeps what must outlive it: the embedded Redis' data and the locks.
public enum StateDirectory {
    /// The absolute path of the state directory, which need not exist yet.
    ///
    /// In this order: what was given (`--state`, `redis.embedded.directory`); `$STATE_DIRECTORY`, which systemd sets to what
    /// `StateDirectory=` names; else one of the configuration's own, in `/var/lib/footbridge` if that can be written or, by
    /// root, made; `$XDG_STATE_HOME/footbridge`; `~/.local/state/footbridge`. Relative paths in the environment are ignored, as
    /// the XDG specification wants it.
    ///
    /// - Parameter owner: the configuration; `nil` if it has no lasting place.
    public static func path(given: String?, owner: StateOwner?) -> String {
        path(
            given: given, owner: owner, isRoot: geteuid() == 0, isWritable: { access($0, W_OK | X_OK) == 0 },
            variable: { getenv($0).map { String(cString: $0) } })
    }

    /// State directories beside this one whose configurations are gone, with what these were: entries may wait there.
    public static func abandoned(beside path: String) -> [(directory: String, configuration: String)] {
        guard let slash = path.lastIndex(of: "/") else { return [] }
        let base = String(path[..<slash])
        return places(in: base).filter { $0 != path }.compactMap { place in
            guard let owner = StateOwner.of(place), !owner.exists else { return nil }
            return (place, owner.path)
        }
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// - Throws: if it is another user's: what we write there they could not read any more.
    public static func checkUser(of path: String) throws(EmbeddedRedisError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_uid != geteuid() { throw .stateOfUser(path: path, user: status.st_uid) }
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
        given: String?, owner: StateOwner?, isRoot: Bool, isWritable: (String) -> Bool, variable: (String) -> String?
    ) -> String {
        if let given, !given.isEmpty { return absolute(given) }
        // systemd separates several with colons; the first one is the unit's first.
        if let first = variable("STATE_DIRECTORY")?.split(separator: ":").first, first.hasPrefix("/") {
            return String(first)
        }
        let base = base(isRoot: isRoot, isWritable: isWritable, variable: variable)
        return owner.map { place(of: $0, in: base) } ?? base
    }

    private static func base(
        isRoot: Bool, isWritable: (String) -> Bool, variable: (String) -> String?
    ) -> String {
        if isRoot || isWritable(systemDirectory) { return systemDirectory }
        if let home = variable("XDG_STATE_HOME"), home.hasPrefix("/") { return home + "/footbridge" }
        if let home = variable("HOME"), home.hasPrefix("/") { return home + "/.local/state/footbridge" }
        return systemDirectory
    }

    /// The directory that is marked as the configuration's. Else the base itself, if a version has left data there that gave
    /// all configurations the same one and nobody has claimed them; else the directory of the place that the configuration had
    /// before it was moved; else a new one.
    private static func place(of owner: StateOwner, in base: String) -> String {
        let own = "\(base)/\(owner.directoryName)"
        let marked = places(in: base).compactMap { place in StateOwner.of(place).map { (place: place, owner: $0) } }
        let found = marked.filter { $0.owner.path == owner.path }.map(\.place)
        if let found = found.first(where: { $0 == own }) ?? found.first { return found }
        // Not `redis` alone: a service may be called so.
        if StateOwner.of(base) == nil, exists(base + "/redis/appendonlydir") { return base }
        return marked.first { owner.wasMoved(from: $0.owner) }?.place ?? own
    }

    /// The base and what is in it, by name: where state directories may be.
    private static func places(in base: String) -> [String] {
        guard let listing = opendir(base) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return [base] + names.sorted().map { "\(base)/\($0)" }
    }

    /// The path from the root, without a slash at its end, and without what leads nowhere (`//`, `/./`). Symbolic links stay: below
    /// systemd's `DynamicUser` what they point to cannot be reached by every path.
    static func absolute(_ path: String) -> String {
        var path = path
        if !path.hasPrefix("/"), let here = getcwd(nil, 0) {
            path = String(cString: here) + "/" + path
            free(here)
        }
        return "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
