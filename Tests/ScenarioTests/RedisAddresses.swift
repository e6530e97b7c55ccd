import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct RedisAddresses {
    /// One entry is delivered at the second attempt, and another is dead-lettered.
    private func expectWork(_ scene: Scene, redis: RedisProbe? = nil) throws {
        let redis = redis ?? scene.redis
        try redis.add(numbers: [0, 1])
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 3)
        try eventually("settled") { try redis.unsettled() == 0 }
        #expect(Set(ledger.map(\.text)) == [body(0), body(1)])
        #expect(try redis.entries("{orders}:dead:orders").map(\.last) == [Field("field.n", "0")])
        #expect(try bridge.stop() == .status(0))
    }

    private func makeScene(_ options: RedisServer.Options = .init()) throws -> Scene {
        try Scene(options) { $0.text == body(0) ? .answer(400) : .answer($0.earlier == 0 ? 503 : 200) }
    }

    @Test func `TLS with a certificate of our own`() throws {
        let scene = try makeScene(.init(tls: true))
        #expect(scene.server.url.hasPrefix("rediss://127.0.0.1:"))
        try expectWork(scene)
    }

    @Test(arguments: ["no client certificate", "another authority"])
    func `TLS that does not hold up is refused and said`(fault: String) throws {
        let scene = try makeScene(.init(tls: true))
        let others = try TLSCertificates(in: scene.directory)
        let certificates = try #require(scene.server.certificates)
        let address = "rediss://127.0.0.1:\(scene.server.port)/0"
        let options =
            fault == "another authority"
            ? "ca=\(others.authority)&cert=\(certificates.clientCertificate)&key=\(certificates.clientKey)"
            : "ca=\(certificates.authority)"
        scene.file.redis = "{ url: \"\(address)?\(options)\" }"
        let bridge = try scene.run()
        try bridge.waitForLog("Redis is unreachable")
        #expect(bridge.logs("connected to Redis") == [])
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a unix socket with a password`() throws {
        let scene = try makeScene(.init(password: "p w:1"))
        let password = "p%20w%3A1"
        scene.file.redis = "{ url: \"unix://:\(password)@\(scene.server.unixSocket)\" }"
        try expectWork(scene)
    }

    /// The line of the documentation, and less than that: who may not greet by name, ask for the role or end a read early.
    @Test(arguments: [[], ["-client", "-role", "-select"]])
    func `a user who may do just what is needed`(less: [String]) throws {
        let scene = try makeScene()
        let lines = try Repository.text("docs/configuration.md").split(separator: "\n")
        let users = lines.filter { $0.hasPrefix("ACL SETUSER footbridge ") }
        try #require(users.count == 2)
        for user in users.map({ $0.split(separator: " ").map(String.init) + less }) {
            #expect(try scene.redis.command(user.map { Array($0.utf8) }) == .simple("OK"))
        }
        scene.file.redis = "{ url: \"redis://footbridge:secret@127.0.0.1:\(scene.server.port)/0\" }"
        try expectWork(scene)
        let check = try ChildProcess.footbridge(["check", "--live", "-c", scene.writeFile()])
        #expect(try check.waitForExit() == .status(0))
        #expect(check.output.contains("ok     route orders: user footbridge may do all that is needed"))
        #expect(check.output.contains("note   user footbridge may not CLIENT UNBLOCK") == !less.isEmpty)
    }

    @Test func `a node of a Cluster is said to be one, by the bridge and by check`() throws {
        let server = try RedisServer(.init(arguments: ["--cluster-enabled", "yes"]))
        let scene = try makeScene()
        scene.file.redis = "{ url: \"\(server.url)\" }"
        let said = "the server is a node of a Redis Cluster, which is not supported"
        let bridge = try scene.run()
        try bridge.waitForLog("Redis cannot be used")
        #expect(bridge.logs("Redis cannot be used").first?.metadata["error"]?.hasPrefix(said) == true)
        #expect(bridge.logs("Redis is unreachable") == [])
        let check = try ChildProcess.footbridge(["check", "--live", "-c", scene.writeFile()])
        #expect(try check.waitForExit() == .status(78))
        #expect(check.errorOutput.contains(said))
    }

    @Test func `a wrong password is said, and never shown`() throws {
        let scene = try makeScene(.init(password: "right"))
        scene.file.redis = "{ url: \"redis://:wrong-one@127.0.0.1:\(scene.server.port)/0\" }"
        let bridge = try scene.run()
        try bridge.waitForLog("Redis cannot be used")
        let error = bridge.logs("Redis cannot be used").first?.metadata["error"]
        #expect(error?.hasPrefix("WRONGPASS") == true)
        #expect(!bridge.errorOutput.contains("wrong-one"))
    }

    @Test(arguments: ["/3", "?db=3"])
    func `a database with a number`(path: String) throws {
        let scene = try makeScene()
        scene.file.redis = "{ url: \"redis://127.0.0.1:\(scene.server.port)\(path)\" }"
        let redis = try scene.server.probe()
        #expect(try redis.command("SELECT", "3") == .simple("OK"))
        try expectWork(scene, redis: redis)
        #expect(try scene.redis.command("DBSIZE") == 0)
    }
}
