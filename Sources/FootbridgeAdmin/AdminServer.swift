public import Footbridge
internal import FootbridgeCurl
internal import FootbridgeHTTP
public import FootbridgeRedis
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// Serves health, metrics, the API and the page of a bridge over HTTP.
///
/// A service that stands before the bridge, and so it answers until the bridge has stopped. Whatever becomes of this server,
/// the bridge goes on.
public final class AdminServer: Service {
    private let address: AdminAddress
    private let hasToken: Bool
    private let passed: PassedSockets?
    private let limits: HTTPLimits
    private let pages: AdminPages
    private let logger: Logger
    private let listening = Mutex<HTTPServer?>(nil)

    /// - Parameters:
    ///   - passed: sockets of a service manager; one of them takes the place of the address.
    ///   - redis: where the bridge's Redis is; `nil` until that is known.
    public convenience init(
        at address: AdminAddress, passed: PassedSockets? = nil, config: BridgeConfig, monitor: BridgeMonitor,
        reporter: Reporter? = nil, logger: Logger, redis: @escaping @Sendable () -> RedisTarget? = { nil },
        reload: (@Sendable () async -> ReloadAnswer)? = nil
    ) {
        self.init(
            at: address, passed: passed, limits: HTTPLimits(), config: config, monitor: monitor, reporter: reporter,
            logger: logger, redis: redis, reload: reload)
    }

    init(
        at address: AdminAddress, passed: PassedSockets? = nil, limits: HTTPLimits, config: BridgeConfig,
        monitor: BridgeMonitor, reporter: Reporter? = nil, logger: Logger,
        redis: @escaping @Sendable () -> RedisTarget? = { nil }, reload: (@Sendable () async -> ReloadAnswer)? = nil
    ) {
        self.address = address
        self.passed = passed
        self.limits = limits
        hasToken = config.admin?.token != nil
        pages = AdminPages(
            config: config, monitor: monitor,
            reporter: reporter ?? Reporter(instance: config.instance, monitor: monitor), redis: redis, reload: reload)
        self.logger = logger
    }

    /// Begins to listen; does nothing if it does already.
    ///
    /// - Throws: why the address cannot be had.
    public func start() async throws(AdminServerError) {
        guard listening.withLock({ $0 == nil }) else { return }
        let socket = if let passed = try adopt() { passed } else { try listen() }
        // A socket without an address is one of the file system.
        let place = socket.address.map { "\($0)" } ?? "a unix socket"
        let server: HTTPServer
        do throws(SystemFailure) {
            server = try HTTPServer(socket, name: "admin", limits: limits, refusal: \.answer) { [pages] in
                await pages.answer($0)
            }
            try server.start()
        } catch {
            throw AdminServerError(address, error)
        }
        listening.withLock { $0 = server }
        logger.info("admin server listens", metadata: [LogKeys.address: "\(place)"])
    }

    /// Serves until a graceful shutdown or a cancellation.
    public func run() async throws {
        try await start()
        try? await gracefulShutdown()
        await listening.withLock { $0 }?.stop()
    }

    private func listen() throws(AdminServerError) -> ListeningSocket {
        do throws(SystemFailure) { return try .listening(at: HostPort(host: address.host, port: address.port)) } catch {
            throw AdminServerError(address, error)
        }
    }

    private func adopt() throws(AdminServerError) -> ListeningSocket? {
        guard let found = try passed?.admin() else { return nil }
        let socket: ListeningSocket
        do throws(SystemFailure) {
            socket = try .adopting(found.descriptor)
        } catch {
            throw AdminServerError(
                "the socket \(found.name) that was passed does not listen: \(error); its unit needs ListenStream= and Accept=no"
            )
        }
        if let address = socket.address.map({ AdminAddress(host: $0.host, port: $0.port) }), !address.isLoopback,
            !hasToken
        {
            throw AdminServerError(
                "the socket \(found.name) that was passed can be reached from other machines (\(address)), and the server shows and changes much; add admin.token, or ListenStream=127.0.0.1:\(address.port)"
            )
        }
        return socket
    }
}
