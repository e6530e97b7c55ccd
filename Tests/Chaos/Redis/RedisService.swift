import Synchronization
import TestSupport

/// The Redis of a run: one server, or a master and a replica that Sentinels watch.
final class RedisService: Sendable {
    private struct Servers: Sendable {
        var master: RedisServer
        var replica: RedisServer?
    }

    private let servers: Mutex<Servers>
    let sentinels: [Sentinel]
    /// What the only server goes by; `nil` with Sentinels, or if no fault moves it.
    let clock: MovableClock?
    private let directory: TemporaryDirectory
    private let waitsForReplicas: Int

    init(_ settings: Settings) throws {
        waitsForReplicas = settings.waitsForReplicas
        directory = try TemporaryDirectory()
        let isMoved = settings.sentinels == 0 && settings.kinds.contains(.redisClock)
        clock = isMoved ? try MovableClock(directory.file("clock")) : nil
        let environment = clock?.environment ?? [:]
        func server() throws -> RedisServer {
            try RedisServer(
                .init(
                    appendOnly: true, tls: settings.tls, choice: settings.server,
                    arguments: ["--appendfsync", "always", "--repl-diskless-sync-delay", "0"],
                    environment: environment))
        }
        let master = try server()
        guard settings.sentinels > 0 else {
            servers = Mutex(Servers(master: master))
            sentinels = []
            return
        }
        let replica = try server()
        servers = Mutex(Servers(master: master, replica: replica))
        sentinels = try (0..<settings.sentinels).map { _ in
            try Sentinel(
                watching: master.port, as: Self.name, quorum: settings.sentinels / 2 + 1, downAfter: 1000,
                choice: settings.server)
        }
        try Self.follow(replica, master)
        for sentinel in sentinels {
            try sentinel.waitForReplica(timeout: .seconds(30))
            try sentinel.waitForOthers(settings.sentinels - 1, timeout: .seconds(30))
        }
    }

    /// The one that may be written to; the one that was killed while there is no other.
    var master: RedisServer { servers.withLock { $0.master } }

    /// What a bridge is told of it.
    ///
    /// - Parameter proxy: a port that leads to the only server; Sentinels name their master themselves.
    func configuration(by proxy: UInt16) -> String {
        guard !sentinels.isEmpty else {
            return "{ url: \"\(master.url.replacing(":\(master.port)/", with: ":\(proxy)/"))\" }"
        }
        let nodes = sentinels.map { "\"127.0.0.1:\($0.port)\"" }.joined(separator: ", ")
        let wait = waitsForReplicas > 0 ? ", wait_for_ack: { replicas: \(waitsForReplicas), timeout: 1s }" : ""
        return "{ url: \"redis://unused.invalid/0\", sentinel: { master: \(Self.name), nodes: [\(nodes)] }\(wait) }"
    }

    /// Whether the Sentinels have made another server the master though nobody killed it: this machine stood still.
    var isLost: Bool { !sentinels.allSatisfy { $0.masterPort ?? master.port == master.port } }

    /// `kill -9` of the master; returns when the replica has its place.
    func killMaster() throws {
        guard case let (old, next?) = servers.withLock({ ($0.master, $0.replica) }) else {
            throw TestSupportError("there is no replica")
        }
        try old.kill()
        try waitForPromotion(of: next)
        servers.withLock { $0 = Servers(master: next, replica: old) }
    }

    /// SIGSTOP of the master until the replica has its place; then it goes on, as a master with clients, until the Sentinels
    /// find it and make it the replica. Returns when it follows.
    func isolateMaster() throws {
        guard case let (old, next?) = servers.withLock({ ($0.master, $0.replica) }) else {
            throw TestSupportError("there is no replica")
        }
        old.pause()
        defer { old.resume() }
        try waitForPromotion(of: next)
        servers.withLock { $0 = Servers(master: next, replica: old) }
        old.resume()
        try TestSupport.eventually("the old master follows", timeout: .seconds(60)) {
            let role = try? old.probe().command("ROLE").elements
            return role?.first?.text == "slave" && (role?.count ?? 0) > 3 && role?[3].text == "connected"
        }
        for sentinel in sentinels { try sentinel.waitForReplica(timeout: .seconds(60)) }
    }

    private func waitForPromotion(of next: RedisServer) throws {
        try TestSupport.eventually("another master", timeout: .seconds(60)) {
            sentinels.allSatisfy { $0.masterPort == next.port }
                && (try? next.probe().command("ROLE").elements.first?.text) == "master"
        }
    }

    /// Starts the one that was killed again, as the replica; returns when it has all that the master has.
    func restoreReplica() throws {
        guard case let (master, replica?) = servers.withLock({ ($0.master, $0.replica) }) else { return }
        try replica.restart()
        try Self.follow(replica, master)
        for sentinel in sentinels { try sentinel.waitForReplica(timeout: .seconds(60)) }
    }

    private static func follow(_ replica: RedisServer, _ master: RedisServer) throws {
        let probe = try replica.probe()
        try probe.command("REPLICAOF", "127.0.0.1", "\(master.port)")
        try TestSupport.eventually("the replica is in sync", timeout: .seconds(60)) {
            let role = try probe.command("ROLE").elements
            return role.count > 3 && role[3].text == "connected"
        }
    }

    private static var name: String { "chaos" }
}
