import Footbridge
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import FootbridgeAdmin

@Suite struct AdminServerTests {
    private let config = BridgeConfig(
        redis: .embedded(), instance: "a",
        routes: [
            RouteConfig(
                name: "orders", streams: ["o"], group: "o", destination: .webhook(WebhookConfig(url: "http://a")))
        ])
    private let ports = Ports()

    private func server(_ host: String = "127.0.0.1", port: UInt16 = 0) -> AdminServer {
        AdminServer(
            at: AdminAddress(host: host, port: port), config: config, monitor: BridgeMonitor(),
            logger: Logger(label: "test") { [ports] _ in ports })
    }

    private func get(_ request: String) async throws -> String {
        let port = try ports.last()
        return try await onThread {
            try exchange("\(request) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", port: port)
        }
    }

    @Test func `a server that listens answers, and none after its end`() async throws {
        let server = server()
        try await server.start()
        let running = Task { try await server.run() }
        let health = try await get("GET /healthz?verbose=1")
        #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(health.hasSuffix("\r\n\r\n{\"status\":\"ok\",\"stuck\":[],\"workers\":0}\n"))
        #expect(try await get("GET /readyz").hasPrefix("HTTP/1.1 503 "))
        let metrics = try await get("GET /metrics")
        #expect(metrics.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(metrics.contains("\nfootbridge_redis_up 0\n"))
        #expect(try await get("GET /nothing").hasPrefix("HTTP/1.1 404 "))
        running.cancel()
        _ = try? await running.value
        await #expect(throws: (any Error).self) { try await get("GET /healthz") }
    }

    @Test func `only reading is allowed, and HEAD brings no body`() async throws {
        let server = server()
        try await server.start()
        let running = Task { try await server.run() }
        let refused = try await get("DELETE /metrics")
        #expect(refused.hasPrefix("HTTP/1.1 405 "))
        #expect(refused.contains("\r\nAllow: GET, HEAD\r\n"))
        let head = try await get("HEAD /healthz")
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(head.contains("\r\nContent-Length: 39\r\n"))
        #expect(head.hasSuffix("\r\n\r\n"))
        running.cancel()
        _ = try? await running.value
    }

    @Test func `a port that is taken is told with what would help`() async throws {
        let taken = try ScriptedReceiver()
        let text =
            "admin.listen: port \(taken.port) of 127.0.0.1 is in use, perhaps by another bridge; choose another"
        let error = await #expect(throws: AdminServerError.self) { try await server(port: taken.port).start() }
        #expect(error?.description == text)
    }

    @Test func `an address of another machine is told with what would help`() async {
        // 192.0.2.0/24 is for documentation (RFC 5737).
        let error = await #expect(throws: AdminServerError.self) { try await server("192.0.2.1").start() }
        #expect(
            error?.description
                == "admin.listen: 192.0.2.1 is no address of this machine; choose 127.0.0.1 or [::1]")
    }
}

/// A log that keeps the port from the line that tells where the server listens.
private final class Ports: LogHandler, Sendable {
    private let port = Mutex<UInt16?>(nil)
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        guard case .string(let address)? = event.metadata?[LogKeys.address] else { return }
        port.withLock { $0 = address.split(separator: ":").last.flatMap { UInt16($0) } }
    }

    func last() throws -> UInt16 {
        guard let port = port.withLock({ $0 }) else { throw TestSupportError("no server listens") }
        return port
    }
}
