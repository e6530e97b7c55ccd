internal import Glibc

/// The files that the secrets of a configuration's routes come from, and how to read those again.
public struct SecretFiles: Sendable {
    private let paths: [String]
    private let config: @Sendable () -> (BridgeConfig, ConfigErrors?)

    /// - Parameter config: what the same text of the configuration says now.
    init(_ paths: [String], config: @escaping @Sendable () -> (BridgeConfig, ConfigErrors?)) {
        self.paths = paths
        self.config = config
    }

    var isEmpty: Bool { paths.isEmpty }

    /// What tells one state of the files from another, as stat(2) has it; a file that is not there has zeros.
    func stamps() -> [FileStamp] { paths.map { FileStamp($0) } }

    /// The configuration with the secrets that the files hold now, as far as they can be used, and what is wrong with the others.
    func read() -> (config: BridgeConfig, errors: ConfigErrors?) { config() }
}

/// A file's identity and the time of its last change.
struct FileStamp: Equatable {
    private var numbers: [Int] = []

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        numbers = [
            Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino),
            Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
            status.st_ctim.tv_nsec,
        ]
    }
}

extension WebhookConfig {
    /// Whether all secrets are equal that can be changed while a bridge runs.
    func hasSecrets(of other: WebhookConfig) -> Bool {
        sign == other.sign && hmac == other.hmac && headers == other.headers
            && (auth == other.auth || !changesAuth(to: other.auth))
    }

    mutating func takeSecrets(of other: WebhookConfig) {
        (sign, hmac, headers) = (other.sign, other.hmac, other.headers)
        if changesAuth(to: other.auth) { auth = other.auth }
    }

    private func changesAuth(to other: AuthConfig?) -> Bool {
        auth?.isFixedHeader == true && other?.isFixedHeader == true
    }
}
