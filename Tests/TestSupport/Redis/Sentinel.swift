/// A real Sentinel that watches a master. It ends with the last reference.
public final class Sentinel: Sendable {
    public let port: UInt16
    private let name: String
    public let process: ChildProcess
    private let directory: TemporaryDirectory
    private let probe: RedisProbe

    /// - Parameters:
    ///   - name: Of the master.
    ///   - quorum: How many Sentinels have to miss the master; one needs no other's vote.
    ///   - milliseconds: How long the master may be silent.
    public init(
        watching port: UInt16, as name: String = "mymaster", quorum: Int = 1, downAfter milliseconds: Int = 500,
        choice: ServerChoice = .redis
    ) throws {
        directory = try TemporaryDirectory()
        self.name = name
        self.port = try freePort()
        let path = try directory.write(
            """
            port \(self.port)
            bind 127.0.0.1
            dir \(directory.path)
            sentinel monitor \(name) 127.0.0.1 \(port) \(quorum)
            sentinel down-after-milliseconds \(name) \(milliseconds)
            sentinel failover-timeout \(name) 3000

            """, to: "sentinel.conf")
        process = try ChildProcess(choice.program(), [path, "--sentinel"])
        try process.waitForOutput(containing: "+monitor master")
        probe = try RedisProbe(port: self.port)
    }

    /// Waits until it knows a replica that can follow the master.
    public func waitForReplica(timeout: Duration = .patience) throws {
        try eventually("the Sentinel knows the replica", timeout: timeout) {
            let replicas = try probe.command("SENTINEL", "REPLICAS", name).elements
            return replicas.contains { $0["flags"]?.text == "slave" && $0["master-link-status"]?.text == "ok" }
        }
    }

    /// Waits until it knows so many others that watch the same master.
    public func waitForOthers(_ count: Int, timeout: Duration = .patience) throws {
        try eventually("the Sentinel knows the others", timeout: timeout) {
            try probe.command("SENTINEL", "SENTINELS", name).elements.count == count
        }
    }

    public var masterPort: UInt16? {
        let address = try? probe.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name).elements
        return address?.last?.text.flatMap { UInt16($0) }
    }
}
