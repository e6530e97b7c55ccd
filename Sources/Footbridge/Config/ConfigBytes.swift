internal import Glibc

/// One file of a configuration: as messages name it, and what it holds.
struct ConfigBytes: Sendable {
    let name: String
    let bytes: [UInt8]
}

/// The further files of a configuration: `routes.d/*.yaml` beside it, in the order of their names.
enum RouteDirectory {
    static let name = "routes.d"
    private static let maximumFiles = 1000
    private static let maximumBytes = 16 << 20

    static func path(of file: String) -> String {
        let directory = FileText.directory(of: file)
        return directory == "." && !file.hasPrefix("./") ? name : "\(directory)/\(name)"
    }

    /// - Throws: `Complaint` about the directory. One that is not there holds no files.
    static func names(in directory: String) throws(Complaint) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw Complaint(
                errno == ENOTDIR
                    ? "is no directory; make one of it, or rename it" : "may not be read; give this user the right to")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(entry.pointee.d_reclen)) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// What they hold; what is wrong goes to `source`.
    static func read(besides file: String, _ source: ConfigSource) -> [ConfigBytes] {
        let directory = path(of: file)
        var files: [ConfigBytes] = []
        do throws(Complaint) {
            let names = try names(in: directory)
            for other in names where other.hasSuffix(".yml") {
                source.advise("is not read; rename it to end in .yaml", path: "\(directory)/\(other)")
            }
            let yaml = names.filter { $0.hasSuffix(".yaml") }
            guard yaml.count <= maximumFiles else {
                throw Complaint("holds \(yaml.count) files; \(maximumFiles) are the most")
            }
            var total = 0
            for name in yaml {
                let path = "\(directory)/\(name)"
                do throws(Complaint) {
                    let bytes = try FileText.read(path, limit: ConfigFile.maximumBytes)
                    total += bytes.count
                    files.append(ConfigBytes(name: path, bytes: bytes))
                } catch {
                    source.report("the file \(error.message)", ofFile: path)
                }
            }
            if total > maximumBytes { throw Complaint("holds more than \(SizeText.format(maximumBytes)) of routes") }
        } catch {
            source.report("the directory \(error.message)", ofFile: directory)
            return []
        }
        return files
    }

    /// The routes in a file: all of it, or what stands in its only key `routes`.
    static func routes(in root: YAMLNode?, _ source: ConfigSource) -> [YAMLEntry] {
        // One with nothing but comments is switched off.
        guard let root, !root.isNull else { return [] }
        guard case .mapping(let entries) = root.content else {
            source.report(
                "is \(root.kind); it must be a map of routes: orders: { stream: orders, webhook: { url: … } }",
                at: root.place, path: "routes")
            return []
        }
        guard let routes = entries.first(where: { $0.key == "routes" }), !routes.isRoute else { return entries }
        for other in entries where other.key != "routes" {
            source.report(
                "stands beside routes; in \(name) a file holds routes alone, and settings of the bridge stand in \(source.file)",
                at: other.place, path: keyPath("", other.key))
        }
        if routes.value.isNull { return [] }
        guard case .mapping(let inner) = routes.value.content else {
            source.report("is \(routes.value.kind); it must be a map of routes", at: routes.value.place, path: "routes")
            return []
        }
        return inner
    }
}

extension YAMLEntry {
    /// Whether this is a route that is called `routes`.
    fileprivate var isRoute: Bool {
        guard case .mapping(let entries) = value.content else { return false }
        return entries.contains { entry in
            guard entry.key == "stream" || entry.key == "streams" else { return false }
            if case .mapping = entry.value.content { return false }
            return true
        }
    }
}
