import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct HealthAndReadiness {
    private let healthy = AdminProbe.Answer(status: 200, body: #"{"status":"ok","stuck":[],"workers":1}"# + "\n")
    private let ready = AdminProbe.Answer(
        status: 200, body: #"{"missing":[],"routes":[{"route":"orders","state":"reading"}],"status":"ready"}"# + "\n")

    private func scene(script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        return scene
    }

    @Test func `without Redis a bridge is healthy and not ready, and with it again it is both`() throws {
        let scene = try scene()
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try eventually("ready") { try admin.get("/readyz") == ready }
        #expect(try admin.get("/healthz") == healthy)

        try scene.server.kill()
        try eventually("not ready") { try admin.get("/readyz").status == 503 }
        try eventually("Redis is missed") {
            try admin.get("/readyz").body.hasPrefix(#"{"missing":["Redis is not reached"],"#)
        }
        #expect(try admin.get("/healthz") == healthy)
        let metrics = try admin.metrics()
        #expect(metrics["footbridge_redis_up"] == 0)
        #expect(!metrics.keys.contains { $0.hasPrefix("footbridge_stream_lag") })

        try scene.server.restart()
        try eventually("ready again", timeout: .seconds(30)) { try admin.get("/readyz") == ready }
        #expect(try #require(try admin.metrics()["footbridge_redis_reconnects_total"]) >= 1)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a stream that cannot be read is missing, and named`() throws {
        let scene = try scene()
        #expect(try scene.redis.command("SET", "orders", "text") == .simple("OK"))
        let admin = try AdminProbe(try scene.run())
        try eventually("the reason is there") {
            let answer = try admin.get("/readyz")
            return answer.status == 503
                && answer.body.contains(#""missing":["route orders does not read: stream orders: WRONGTYPE"#)
        }
    }

    @Test func `a bridge that may not read is not ready, and what nobody reads gets older`() throws {
        let scene = try scene()
        try scene.redis.add(numbers: 0..<3)
        try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0")
        let rule = ["ACL", "SETUSER", "blind", "on", ">secret", "~*", "&*", "+@all", "-xreadgroup"]
        #expect(try scene.redis.command(rule.map { Array($0.utf8) }) == .simple("OK"))
        scene.file.redis = "{ url: \"redis://blind:secret@127.0.0.1:\(scene.server.port)\" }"
        let admin = try AdminProbe(try scene.run())
        try eventually("the reason is there") {
            let answer = try admin.get("/readyz")
            return answer.status == 503 && answer.body.contains("route orders does not read: stream orders: NOPERM")
        }
        let owed = "{route=\"orders\",stream=\"orders\",group=\"orders\"}"
        let metrics = try admin.metrics()
        #expect(metrics["footbridge_stream_lag_entries\(owed)"] == 3)
        #expect(metrics["footbridge_stream_pending_entries\(owed)"] == 0)
        let age = try #require(metrics["footbridge_stream_oldest_unsettled_age_seconds\(owed)"])
        #expect(age > 0 && age < 60)
    }

    @Test func `a Redis that hangs keeps nobody waiting for more than its second`() throws {
        let scene = try scene()
        let admin = try AdminProbe(try scene.run())
        try eventually("ready") { try admin.get("/readyz") == ready }
        scene.server.pause()
        defer { scene.server.resume() }
        let (metrics, duration) = try timed { try admin.metrics() }
        #expect(duration < .seconds(3))
        #expect(metrics["footbridge_entries_read_total{route=\"orders\"}"] == 0)
        #expect(!metrics.keys.contains { $0.hasPrefix("footbridge_stream_lag") })
        #expect(try admin.get("/healthz") == healthy)
    }

    @Test func `a route whose endpoint is down is ready, and named`() throws {
        let scene = try scene { .answer($0.path.contains("held") ? 401 : 410) }
        scene.file.routes = ["held", "gone"].map {
            BridgeFile.Route(name: $0, streams: [$0], url: "\(scene.receiver.url)/\($0)")
        }
        for stream in ["held", "gone"] { try scene.redis.add(numbers: 0..<5, to: stream) }
        let admin = try AdminProbe(try scene.run())
        let routes = """
            {"reason":"the receiver refuses this route (401)","route":"held","state":"held"},\
            {"reason":"the endpoint is gone (410)","route":"gone","state":"held"}
            """
        let expected = AdminProbe.Answer(
            status: 200, body: #"{"missing":[],"routes":["# + routes + #"],"status":"ready"}"# + "\n")
        try eventually("both are told") { try admin.get("/readyz") == expected }
        let metrics = try admin.metrics()
        #expect(metrics[#"footbridge_route_gate{route="held",state="held"}"#] == 1)
        #expect(metrics[#"footbridge_route_gate{route="gone",state="held"}"#] == 1)
    }

    @Test func `while it drains a bridge answers that it stops`() throws {
        let gate = Gate()
        let scene = try scene { _ in .answerWhenOpen(gate, 200) }
        try scene.redis.add(numbers: 0..<1)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.receiver.waitFor(count: 1)
        bridge.signal(SIGTERM)
        try bridge.waitForLog("stopping")
        let answer = try admin.get("/readyz")
        #expect(answer.status == 503)
        #expect(answer.body.hasPrefix(#"{"missing":["the bridge is stopping"],"#))
        #expect(try admin.get("/healthz") == healthy)
        gate.open()
        #expect(try bridge.waitForExit() == .status(0))
    }

    @Test func `a port that is taken ends the command before anything is read`() throws {
        let scene = try scene()
        scene.file.admin = "{ listen: \"127.0.0.1:\(scene.receiver.port)\" }"
        try scene.redis.add(numbers: 0..<1)
        let bridge = try ChildProcess.footbridge("run", "-c", scene.writeFile())
        #expect(try bridge.waitForExit() == .status(69))
        let text = "admin.listen: port \(scene.receiver.port) of 127.0.0.1 is in use, perhaps by another bridge"
        #expect(bridge.errorOutput.contains("footbridge: \(text)"))
        #expect(try scene.redis.command("XINFO", "GROUPS", "orders") == [])
    }

    @Test func `without the key nothing listens`() throws {
        let scene = try Scene()
        let bridge = try scene.run()
        #expect(bridge.logs("admin server listens") == [])
        #expect(try listeningSockets(of: bridge.pid) == 0)
        scene.file.admin = "{ listen: \"[::1]:0\" }"
        let other = try scene.run(as: "b")
        #expect(try listeningSockets(of: other.pid) == 1)
        #expect(other.logs("admin server listens").first?.metadata["address"]?.hasPrefix("[::1]:") == true)
    }

    /// Of a process, by proc(5): the inodes of its descriptors that are in state 0A (TCP_LISTEN).
    private func listeningSockets(of pid: pid_t) throws -> Int {
        let files = FileManager.default
        let own = try files.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap {
            try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
        }
        let rows = try ["tcp", "tcp6"].flatMap { table in
            try String(contentsOfFile: "/proc/\(pid)/net/\(table)", encoding: .utf8).split(separator: "\n")
                .map { $0.split(separator: " ") }
        }
        return rows.count { $0.count > 9 && $0[3] == "0A" && own.contains("socket:[\($0[9])]") }
    }
}
