import Foundation
import TestSupport
import Testing

/// A recipe of `docs/recipes`, run as it stands there: only hosts are replaced, and what is on this machine is allowed.
struct Recipe: Sendable, CustomTestStringConvertible {
    let name: String
    /// The streams of each route.
    let routes: [String: [String]]
    /// What it asks of the environment.
    var variables: [String: String] = [:]
    /// Beginnings of URLs, in the recipe or in its variables, in whose place the receiver stands.
    var hosts: [String] = []
    var entries: [Entry] = []
    /// What the service answers.
    var answer: @Sendable (ReceivedRequest) -> ReceiverAction = { _ in .answer(200) }
    /// Looks at all requests at the end.
    var verify: @Sendable ([ReceivedRequest]) throws -> Void = { _ in }

    struct Entry: Sendable {
        let stream: String
        let fields: [Field]

        init(_ stream: String, _ fields: KeyValuePairs<String, String>) {
            self.stream = stream
            self.fields = fields.map { Field($0, $1) }
        }
    }

    var testDescription: String { name }

    /// What `check` says of the recipe as it is written.
    func check(in directory: TemporaryDirectory) throws -> CommandResult {
        let path = try directory.write(Repository.text("docs/recipes/\(name).yaml"), to: "\(name).yaml")
        return try CommandResult(.footbridge(["check", "-c", path], environment: variables))
    }

    /// Starts a bridge with the recipe, and waits until its groups are there.
    ///
    /// - Parameters:
    ///   - base: Stands in place of `hosts`; without it the receiver.
    ///   - edit: What else has to be changed for the test.
    func run(
        in scene: Scene, base: String? = nil, allowing allowed: String = "127.0.0.1",
        _ edit: (String) -> String = { $0 }
    ) throws -> ChildProcess {
        let base = base ?? "http://127.0.0.1:\(scene.receiver.port)"
        func local(_ text: String) -> String { hosts.reduce(text) { $0.replacing($1, with: base) } }
        let text = try Repository.text("docs/recipes/\(name).yaml")
        for host in hosts where !text.contains(host) && !variables.values.contains(where: { $0.contains(host) }) {
            throw TestSupportError("\(host) is not in \(name).yaml")
        }
        let settings = "\nallow: [\(allowed)]\nlog: { format: json }\n"
        let path = try scene.directory.write(edit(local(text)) + settings, to: "\(name)-here.yaml")
        var environment = variables.mapValues(local)
        environment["REDIS_URL"] = scene.server.url
        let bridge = try ChildProcess.footbridge(["run", "-c", path], environment: environment)
        try bridge.waitForLog("footbridge runs")
        try eventually("the groups are there") {
            try routes.allSatisfy { name, streams in try streams.allSatisfy { try scene.hasGroup(name, on: $0) } }
        }
        return bridge
    }

    func waitUntilSettled(in scene: Scene) throws {
        // One route may read what another one appends, and nobody knows which comes first here.
        for _ in routes {
            for (name, streams) in routes { try scene.waitUntilSettled(BridgeFile.Route(name: name, streams: streams)) }
        }
    }
}

extension Scene {
    fileprivate func hasGroup(_ name: String, on stream: String) throws -> Bool {
        try redis.command("XINFO", "GROUPS", stream).elements.contains { $0["name"]?.text == name }
    }

    /// The dead-letter streams that are there.
    func deadLetterStreams() throws -> [String] { try redis.command("KEYS", "*:dead*").elements.compactMap(\.text) }
}
