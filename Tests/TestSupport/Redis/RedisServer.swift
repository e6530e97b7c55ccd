public import Foundation
import Synchronization

/// A real redis-server of a test, on loopback and on a unix socket, with its data in a directory of its own.
///
/// It ends with the last reference.
public final class RedisServer: Sendable {
    public struct Options: Sendable {
        /// Keeps what was written over `kill` and `restart`.
        public var appendOnly = false
        /// The port speaks TLS, and asks clients for a certificate.
        public var tls = false
        public var password: String?
        public var choice = ServerChoice.current
        /// Further words of redis-server's command line, such as `["--maxmemory", "1mb"]`.
        public var arguments: [String] = []
        /// Set for the server's process, such as a library to load first.
        public var environment: [String: String] = [:]

        public init(
            appendOnly: Bool = false, tls: Bool = false, password: String? = nil, choice: ServerChoice = .current,
            arguments: [String] = [], environment: [String: String] = [:]
        ) {
            self.appendOnly = appendOnly
            self.tls = tls
            self.password = password
            self.choice = choice
            self.arguments = arguments
            self.environment = environment
        }
    }

    public let options: Options
    public let directory: TemporaryDirectory
    /// Set if `options.tls`.
    public let certificates: TLSCertificates?
    private let running: Mutex<(process: ChildProcess, port: UInt16)>

    /// Starts a server and waits until it answers.
    public init(_ options: Options = Options()) throws {
        self.options = options
        let directory = try TemporaryDirectory()
        let certificates = options.tls ? try TLSCertificates(in: directory) : nil
        self.directory = directory
        self.certificates = certificates
        running = Mutex(try Self.start(options, directory, certificates, port: nil))
        try waitUntilReady()
    }

    deinit { process.signal(SIGKILL) }

    /// On 127.0.0.1; the same after a restart.
    public var port: UInt16 { running.withLock { $0.port } }
    public var process: ChildProcess { running.withLock { $0.process } }
    public var unixSocket: String { directory.file("redis.sock") }

    /// The URL of the port: `redis://` or, with TLS, `rediss://` with `ca`, `cert` and `key`; the password in it.
    public var url: String {
        let authority = "\(options.password.map { ":\($0)@" } ?? "")127.0.0.1:\(port)/0"
        guard let certificates else { return "redis://\(authority)" }
        return "rediss://\(authority)?ca=\(certificates.authority)"
            + "&cert=\(certificates.clientCertificate)&key=\(certificates.clientKey)"
    }

    /// The URL of the unix socket; the password in it.
    public var unixURL: String { "unix://\(options.password.map { ":\($0)@" } ?? "")\(unixSocket)" }

    /// A client on the unix socket, logged in; it needs no TLS.
    public func probe() throws -> RedisProbe { try RedisProbe(unixSocket: unixSocket, password: options.password) }

    /// Waits until the server says that it serves, and answers PING.
    public func waitUntilReady(timeout: Duration = .patience) throws {
        // Said once per listener; the unix socket is the last. Redis 7.0 and Valkey 8 say it in different words.
        try process.waitForOutput(containing: "eady to accept connections", timeout: timeout)
        try eventually("PONG", timeout: timeout) { (try? probe().command("PING")) == .simple("PONG") }
    }

    /// Ends the server by a signal and waits for its end: SIGKILL for a crash, SIGTERM for an orderly stop.
    public func kill(_ signal: Int32 = SIGKILL) throws {
        let process = process
        process.signal(signal)
        try process.waitForExit()
    }

    /// An orderly stop.
    public func stop() throws { try kill(SIGTERM) }

    /// Stops the server's process where it is, as a hang would; `resume` lets it go on.
    public func pause() { process.signal(SIGSTOP) }

    public func resume() { process.signal(SIGCONT) }

    /// Starts it again after `kill` or `stop`, on the same port and directory; one that still runs is killed first.
    public func restart() throws {
        try kill(SIGKILL)
        let next = try Self.start(options, directory, certificates, port: port)
        running.withLock { $0 = next }
        try waitUntilReady()
    }

    /// The same without waiting until it serves: it may have much to load.
    public func restartWithoutWaiting() throws {
        try kill(SIGKILL)
        let port = port
        let process = try ChildProcess(
            options.choice.program(), Self.arguments(options, directory, certificates, port: port),
            environment: options.environment)
        running.withLock { $0 = (process, port) }
    }

    /// A free port may be taken by another before redis-server binds it; then the next one is tried.
    private static func start(
        _ options: Options, _ directory: TemporaryDirectory, _ certificates: TLSCertificates?, port given: UInt16?
    ) throws -> (process: ChildProcess, port: UInt16) {
        for _ in 1...5 {
            let port = try given ?? freePort()
            let process = try ChildProcess(
                options.choice.program(), arguments(options, directory, certificates, port: port),
                environment: options.environment)
            do {
                try process.waitForOutput(containing: "eady to accept connections", timeout: .seconds(60))
                return (process, port)
            } catch {
                guard process.output.contains("Address already in use") else { throw error }
            }
        }
        throw TestSupportError("found no port for redis-server in five attempts")
    }

    private static func arguments(
        _ options: Options, _ directory: TemporaryDirectory, _ certificates: TLSCertificates?, port: UInt16
    ) -> [String] {
        var words = [
            "--bind", "127.0.0.1", "--unixsocket", directory.file("redis.sock"), "--dir", directory.path,
            "--save", "", "--appendonly", options.appendOnly ? "yes" : "no", "--loglevel", "notice",
        ]
        if let password = options.password { words += ["--requirepass", password] }
        if let certificates {
            words += [
                "--port", "0", "--tls-port", "\(port)", "--tls-cert-file", certificates.serverCertificate,
                "--tls-key-file", certificates.serverKey, "--tls-ca-cert-file", certificates.authority,
            ]
        } else {
            words += ["--port", "\(port)"]
        }
        return words + options.arguments
    }
}
