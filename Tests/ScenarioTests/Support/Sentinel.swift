import TestSupport

/// A real Sentinel that watches a master and needs no other's vote.
final class Sentinel {
    let port: UInt16
    private let process: ChildProcess
    private let directory: TemporaryDirectory
    private let probe: RedisProbe

    init(watching port: UInt16, as name: String = "mymaster") throws {
        directory = try TemporaryDirectory()
        self.port = try freePort()
        let path = try directory.write(
            """
            port \(self.port)
            bind 127.0.0.1
            dir \(directory.path)
            sentinel monitor \(name) 127.0.0.1 \(port) 1
            sentinel down-after-milliseconds \(name) 500
            sentinel failover-timeout \(name) 3000

            """, to: "sentinel.conf")
        process = try ChildProcess("redis-server", [path, "--sentinel"])
        try process.waitForOutput(containing: "+monitor master")
        probe = try RedisProbe(port: self.port)
    }

    /// Waits until it knows a replica that can follow the master.
    func waitForReplica() throws {
        try eventually("the Sentinel knows the replica") {
            let replicas = try probe.command("SENTINEL", "REPLICAS", "mymaster").elements
            return replicas.contains { $0["flags"]?.text == "slave" && $0["master-link-status"]?.text == "ok" }
        }
    }

    var masterPort: UInt16? {
        let address = try? probe.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").elements
        return address?.last?.text.flatMap { UInt16($0) }
    }
}
