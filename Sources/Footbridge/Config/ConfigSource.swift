internal import FootbridgeJQ

/// What reading one file needs everywhere: where it is, the variables, the problems found so far, the keys asked for.
final class ConfigSource {
    let file: String
    /// Files that the configuration names are found from here.
    let directory: String
    let environment: ConfigFile.Environment
    /// In the order in which they were asked for, each once: what `docs/configuration.md` must list.
    private(set) var keys: [ConfigKey] = []
    private var knownPaths: Set<String> = []
    private var problems: Set<ConfigProblem> = []
    /// Beside the first: what they hold, for places inside of a value, and their names.
    private(set) var files: [ConfigBytes] = []
    /// Those that stand in other files than the first.
    var furtherRoutes: [YAMLEntry] = []
    /// Where each key stands that was found.
    private var places: [String: Place] = [:]
    private var checkedPrograms: [String: [JQProblem]] = [:]
    /// What is wrong with where entries go does not count.
    var ignoresDestinations = false
    private var isInDestination = false
    /// Files that secrets of destinations come from, each once.
    private(set) var secretFiles: [String] = []

    init(file: String, directory: String, environment: ConfigFile.Environment) {
        self.file = file
        self.directory = directory
        self.environment = environment
    }

    /// The path of a file that the configuration names.
    func path(_ file: String) -> String { file.hasPrefix("/") ? file : "\(directory)/\(file)" }

    func add(_ file: ConfigBytes) {
        // Some editors begin with a byte-order mark. libyaml would take it for the first column.
        let hasMark = file.bytes.starts(with: [0xEF, 0xBB, 0xBF])
        files.append(hasMark ? ConfigBytes(name: file.name, bytes: Array(file.bytes.dropFirst(3))) : file)
    }

    func bytes(at place: Place) -> [UInt8] { files.indices.contains(place.file) ? files[place.file].bytes : [] }

    func fileName(of place: Place) -> String { files.indices.contains(place.file) ? files[place.file].name : file }

    /// `line 12`, or where it stands if that is another file than `other`'s.
    func spot(_ place: Place, from other: Place) -> String {
        place.file == other.file ? "line \(place.line)" : "\(fileName(of: place)):\(place.line)"
    }

    func notePlace(_ place: Place, of path: String) { places[path] = places[path] ?? place }

    /// By path, for what is found to be wrong when all is read.
    var foundPlaces: [String: (file: String, place: Place)] { places.mapValues { (fileName(of: $0), $0) } }

    /// A problem in `defaults` is found once per route and kept once.
    func report(_ message: String, at place: Place, path: String) {
        if isInDestination && ignoresDestinations { return }
        problems.insert(ConfigProblem(file: fileName(of: place), place: place, path: path, message: message))
    }

    /// A file that cannot be read as a whole.
    func report(_ message: String, ofFile name: String) {
        problems.insert(ConfigProblem(file: name, place: .start, path: "", message: message))
    }

    /// Each once, in the order in which they were found.
    private(set) var advice: [ConfigAdvice] = []

    func advise(_ message: String, path: String) {
        let found = ConfigAdvice(path: path, message: message)
        if !advice.contains(found) { advice.append(found) }
    }

    /// What is wrong with a jq program. Compiling takes 20 ms, and one in `defaults` is read by every route.
    func problems(ofProgram text: String) -> [JQProblem] {
        if let known = checkedPrograms[text] { return known }
        var problems: [JQProblem] = []
        do throws(JQProblems) { try JQMachine.check(text) } catch { problems = error.problems }
        checkedPrograms[text] = problems
        return problems
    }

    /// What is read within `body` belongs to where a route's entries go.
    func readDestination<Value>(_ body: () -> Value) -> Value {
        isInDestination = true
        defer { isInDestination = false }
        return body()
    }

    /// Remembers a file that a destination's secret comes from, whether or not it could be read.
    func noteSecretFile(_ path: String) {
        if isInDestination && !secretFiles.contains(path) { secretFiles.append(path) }
    }

    func note(_ key: ConfigKey) {
        if knownPaths.insert(key.path).inserted { keys.append(key) }
    }

    /// `nil` if nothing is wrong.
    var errors: ConfigErrors? {
        guard !problems.isEmpty else { return nil }
        return ConfigErrors(
            problems: problems.sorted {
                ($0.place, $0.file, $0.path, $0.message) < ($1.place, $1.file, $1.path, $1.message)
            })
    }
}

/// A key that the reader knows.
struct ConfigKey: Sendable, Equatable {
    /// With `<name>` for a name that users choose: `routes.<name>.webhook.timeout`.
    let path: String
    /// With the range, if there is one: `duration, 10ms to 1h`.
    let type: String
    /// As it would be written in the file; `nil` if the key is required.
    let defaultText: String?
    /// It says which route this is: `defaults` cannot hold it.
    var isOwn = false
}
