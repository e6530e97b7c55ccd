internal import JQ

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
    /// What the file holds, for places inside of a value.
    var bytes: [UInt8] = []
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

    /// A problem in `defaults` is found once per route and kept once.
    func report(_ message: String, at place: Place, path: String) {
        if isInDestination && ignoresDestinations { return }
        problems.insert(ConfigProblem(file: file, place: place, path: path, message: message))
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
            problems: problems.sorted { ($0.place, $0.path, $0.message) < ($1.place, $1.path, $1.message) })
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
}
