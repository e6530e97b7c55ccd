import Glibc

/// Reads the one file that configures a bridge. Every error is found in one go.
public enum ConfigFile {
    /// No config is longer; whatever is, is not one.
    public static let maximumBytes = 1 << 20

    /// Reads and checks the file at `path`; files that it names are found from its directory.
    ///
    /// - Throws: every problem in the file; a file that cannot be read is a problem as well.
    public static func load(
        path: String, environment: Environment = .process
    ) throws(ConfigErrors) -> BridgeConfig {
        let source = ConfigSource(file: path, directory: FileText.directory(of: path), environment: environment)
        let config = try read(path, source)
        if let errors = source.errors { throw errors }
        return config
    }

    /// The same, with what a bridge needs that follows its changes.
    public static func loadWatched(
        path: String, environment: Environment = .process
    ) throws(ConfigErrors) -> ReadConfig {
        let directory = FileText.directory(of: path)
        let source = ConfigSource(file: path, directory: directory, environment: environment)
        // Before they are read: what changes meanwhile is seen the next time.
        let stamps = stamps(path: path)
        let files = try files(path, source)
        let config = read(files, source)
        if let errors = source.errors { throw errors }
        let secrets = SecretFiles(source.secretFiles) {
            let source = ConfigSource(file: path, directory: directory, environment: environment)
            return (read(files, source), source.errors)
        }
        return ReadConfig(
            config: config, secrets: secrets, places: source.foundPlaces, file: path, stamps: stamps)
    }

    /// What tells one state of the file, and of those in `routes.d` beside it, from another.
    static func stamps(path: String) -> [FileStamp] {
        let directory = RouteDirectory.path(of: path)
        let names = (try? RouteDirectory.names(in: directory)) ?? []
        return ([path, directory] + names.map { "\(directory)/\($0)" }).map { FileStamp($0) }
    }

    /// Where Redis is, by the file at `path`, for tools: what is wrong elsewhere in it, a secret that is not set for
    /// example, does not matter to them.
    public static func loadRedis(
        path: String, environment: Environment = .process
    ) throws(ConfigErrors) -> RedisSource {
        let source = ConfigSource(file: path, directory: FileText.directory(of: path), environment: environment)
        let config = try read(path, source)
        let problems = source.errors?.problems ?? []
        let relevant = problems.filter { $0.path.isEmpty || $0.path.split(separator: ".").first == "redis" }
        guard relevant.isEmpty else { throw ConfigErrors(problems: relevant) }
        return config.redis
    }

    /// The file at `path` for tools that ask the bridge's Redis alone: what is wrong with where entries go, a secret that is not
    /// set for example, does not matter to them.
    public static func loadWithoutDestinations(
        path: String, environment: Environment = .process
    ) throws(ConfigErrors) -> BridgeConfig {
        let source = ConfigSource(file: path, directory: FileText.directory(of: path), environment: environment)
        source.ignoresDestinations = true
        let config = try read(path, source)
        if let errors = source.errors { throw errors }
        return config
    }

    /// Checks `text` as if it stood in the file `fileName`.
    ///
    /// - Parameter directory: where files that it names are found; that of `fileName` if not given.
    public static func parse(
        text: String, fileName: String, environment: Environment = .process, directory: String? = nil
    ) throws(ConfigErrors) -> BridgeConfig {
        let directory = directory ?? FileText.directory(of: fileName)
        let source = ConfigSource(file: fileName, directory: directory, environment: environment)
        return try parse(Array(text.utf8), source)
    }

    /// The configuration as far as it could be read, unless the file cannot be read at all.
    private static func read(_ path: String, _ source: ConfigSource) throws(ConfigErrors) -> BridgeConfig {
        read(try files(path, source), source)
    }

    /// The file, and those in `routes.d` beside it.
    private static func files(_ path: String, _ source: ConfigSource) throws(ConfigErrors) -> [ConfigBytes] {
        do throws(Complaint) {
            let bytes = try FileText.read(path, limit: maximumBytes)
            return [ConfigBytes(name: path, bytes: bytes)] + RouteDirectory.read(besides: path, source)
        } catch {
            source.report("the file \(error.message)", at: .start, path: "")
            throw source.errors ?? ConfigErrors(problems: [])
        }
    }

    private static func parse(_ bytes: [UInt8], _ source: ConfigSource) throws(ConfigErrors) -> BridgeConfig {
        let config = read([ConfigBytes(name: source.file, bytes: bytes)], source)
        if let errors = source.errors { throw errors }
        return config
    }

    /// The configuration as far as it could be read; of use only if `source` has no errors.
    private static func read(_ files: [ConfigBytes], _ source: ConfigSource) -> BridgeConfig {
        for file in files { source.add(file) }
        var layers: [Section.Layer] = []
        if let root = compose(0, source) {
            switch root.node?.content {
            case .mapping(let entries): layers = [Section.Layer(entries: entries, path: "", rank: 0)]
            case nil: source.report("the file is empty; it needs at least routes", at: .start, path: "")
            default: source.report("the file must be a map of keys", at: root.node?.place ?? .start, path: "")
            }
        }
        for file in files.indices.dropFirst() {
            guard let root = compose(file, source) else { continue }
            source.furtherRoutes += RouteDirectory.routes(in: root.node, source)
        }
        // Of a file that cannot be read, nothing is said to be missing.
        return BridgeConfig(
            Section(source, layers: layers, path: "", pattern: "", place: .start, isTemplate: layers.isEmpty))
    }

    /// The tree of a file; `nil` if it has none, which is reported.
    private static func compose(_ file: Int, _ source: ConfigSource) -> (node: YAMLNode?, Void)? {
        let (bytes, start) = (source.files[file].bytes, Place(line: 1, column: 1, file: file))
        guard bytes.count <= maximumBytes else {
            source.report("the file is larger than 1MiB", at: start, path: "")
            return nil
        }
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
            source.report("the file is UTF-16; save it as UTF-8", at: start, path: "")
            return nil
        }
        do throws(YAMLFailure) {
            let (root, problems) = try YAMLComposer.compose(bytes, file: file)
            for problem in problems { source.report(problem.message, at: problem.place, path: problem.path) }
            return (root, ())
        } catch {
            source.report(error.message, at: error.place, path: error.path)
            return nil
        }
    }

    /// Every key that there is, as the reader asks for them.
    static var knownKeys: [ConfigKey] {
        let source = ConfigSource(file: "", directory: ".", environment: Environment(variables: [:], hostName: "host"))
        _ = BridgeConfig(Section(source, layers: [], path: "", pattern: "", place: .start, isTemplate: true))
        return source.keys
    }

    /// What a configuration takes from the machine it is read on.
    public struct Environment: Sendable {
        /// The default for `instance`.
        public let hostName: String
        private let lookUp: @Sendable (String) -> [UInt8]?

        public init(variables: [String: String], hostName: String) {
            self.hostName = hostName
            self.lookUp = { variables[$0].map { Array($0.utf8) } }
        }

        private init() {
            var name = [CChar](repeating: 0, count: 256)
            // The last byte stays 0, whatever the host's name is.
            hostName = gethostname(&name, name.count - 1) == 0 ? string(name) : "localhost"
            lookUp = { name in getenv(name).map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } }
        }

        /// The variables and the host name of this process.
        public static var process: Environment { Environment() }

        subscript(variable: String) -> String? { lookUp(variable).map { String(decoding: $0, as: UTF8.self) } }

        /// The value byte for byte, for what need not be text.
        func bytes(of variable: String) -> [UInt8]? { lookUp(variable) }
    }
}

private func string(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
