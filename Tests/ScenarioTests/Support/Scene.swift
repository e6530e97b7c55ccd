import Glibc
import TestSupport

/// One Redis, one receiver, and the bridges that run between them.
final class Scene {
    let server: RedisServer
    let redis: RedisProbe
    let receiver: ScriptedReceiver
    let directory: TemporaryDirectory
    var file = BridgeFile()
    /// All that were started: none ends before the scene does unless the scenario says so.
    private var bridges: [ChildProcess] = []

    /// - Parameter script: What the receiver does with each request.
    init(
        _ options: RedisServer.Options = .init(), script: @escaping ScriptedReceiver.Script = { _ in .answer(200) },
        onConnect: @escaping @Sendable (Int) -> ConnectionAction = { _ in .serve }
    ) throws {
        server = try RedisServer(options)
        redis = try server.probe()
        receiver = try ScriptedReceiver(script, onConnect: onConnect)
        directory = try TemporaryDirectory()
        file.redis = "{ url: \"\(server.url)\" }"
        file.route.url = receiver.url
    }

    /// Writes the configuration and gives its path.
    func writeFile() throws -> String { try directory.write(file.text, to: "\(file.instance).yaml") }

    /// Starts a bridge, as the instance that the configuration names, and waits until it says that it runs.
    @discardableResult
    func run(_ arguments: String...) throws -> ChildProcess {
        let bridge = try ChildProcess.footbridge(["run", "-c", writeFile()] + arguments)
        bridges.append(bridge)
        try bridge.waitForLog("footbridge runs")
        return bridge
    }

    /// The same as another instance, beside those that run.
    func run(as instance: String) throws -> ChildProcess {
        file.instance = instance
        return try run()
    }

    /// Waits until the group has nothing unread and nothing pending in any of the streams.
    func waitUntilSettled(_ route: BridgeFile.Route? = nil, timeout: Duration = .patience) throws {
        let route = route ?? file.route
        try eventually("nothing unsettled", timeout: timeout) {
            try route.streams.allSatisfy { try redis.unsettled($0, route.name) == 0 }
        }
    }
}

extension ChildProcess {
    /// Ends a bridge as a crash would, and waits for the end.
    func crash() throws {
        signal(SIGKILL)
        try waitForExit()
    }

    /// Ends a bridge as an operator would, and waits for the end.
    @discardableResult
    func stop(timeout: Duration = .patience) throws -> Exit {
        signal(SIGTERM)
        return try waitForExit(timeout: timeout)
    }
}

/// What `body` gives, and the time that it takes.
func timed<Value>(_ body: () throws -> Value) rethrows -> (Value, Duration) {
    let start = ContinuousClock.now
    return (try body(), .now - start)
}
