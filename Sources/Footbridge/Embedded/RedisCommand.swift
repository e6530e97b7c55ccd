import Glibc

/// How the embedded redis-server is started: which program, with which settings, in which environment.
struct RedisCommand: Sendable, Equatable {
    var program: String
    var arguments: [String]
    var environment: [String]

    /// - Parameter variable: looks an environment variable up.
    init(
        layout: RedisLayout, endsWithParent: Bool = false, variable: (String) -> String?
    ) throws(EmbeddedRedisError) {
        program = try Self.program(variable: variable)
        arguments = [program, layout.settings]
        // prctl(2) PR_SET_PDEATHSIG can be called by the child only. The signal comes when the thread ends that started it:
        // the supervisor's, which lives as long as the server or this process.
        if endsWithParent, let setpriv = Self.find("setpriv", variable: variable) {
            arguments = [setpriv, "--pdeathsig", "KILL", "--"] + arguments
            program = setpriv
        }
        // Nothing of what else the bridge was given: no secrets, no NOTIFY_SOCKET, no LISTEN_FDS.
        environment = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"].compactMap { name in
            variable(name).map { "\(name)=\($0)" }
        }
    }

    private static func program(variable: (String) -> String?) throws(EmbeddedRedisError) -> String {
        if let override = variable("FOOTBRIDGE_REDIS_SERVER"), !override.isEmpty {
            guard isExecutable(override) else { throw .serverNotFound(override: override) }
            return StateDirectory.absolute(override)
        }
        guard let path = find("redis-server", variable: variable) else { throw .serverNotFound(override: nil) }
        return path
    }

    private static func find(_ name: String, variable: (String) -> String?) -> String? {
        let directories = (variable("PATH") ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
        return directories.map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
