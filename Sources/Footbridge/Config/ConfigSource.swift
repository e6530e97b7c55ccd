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
    /// What is wrong within webhooks does not count.
    var ignoresWebhooks = false
    private var isInWebhook = false
    /// Files that secrets of webhooks come from, each once.
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
        if isInWebhook && ignoresWebhooks { return }
        problems.insert(ConfigProblem(file: file, place: place, path: path, message: message))
    }

    /// What is read within `body` belongs to a webhook.
    func readWebhook<Value>(_ body: () -> Value) -> Value {
        isInWebhook = true
        defer { isInWebhook = false }
        return body()
    }

    /// Remembers a file that a webhook's secret comes from, whether or not it could be read.
    func noteSecretFile(_ path: String) {
        if isInWebhook && !secretFiles.contains(path) { secretFiles.append(path) }
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
