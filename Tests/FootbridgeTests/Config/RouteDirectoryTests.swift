import TestSupport
import Testing

@testable import Footbridge

@Suite struct RouteDirectoryTests {
    private let directory: TestSupport.TemporaryDirectory

    init() throws { directory = try TestSupport.TemporaryDirectory() }

    private func route(_ name: String) -> String { "\(name): { stream: \(name), webhook: { url: \"http://a\" } }\n" }

    /// - Parameter files: in routes.d, by name.
    private func load(_ text: String, _ files: [String: String]) throws -> BridgeConfig {
        try directory.makeDirectory("routes.d")
        for (name, text) in files { try directory.write(text, to: "routes.d/\(name)") }
        return try ConfigFile.load(path: directory.write(text, to: "bridge.yaml"))
    }

    /// What is wrong, without the directory's name.
    private func errors(_ text: String, _ files: [String: String]) throws -> [String] {
        do {
            _ = try load(text, files)
            return []
        } catch let errors as ConfigErrors {
            return errors.description.replacing(directory.path + "/", with: "").split(separator: "\n").map(String.init)
        }
    }

    @Test func `routes come from the file first, then from the others by name, with the defaults of the file`() throws {
        let config = try load(
            "defaults: { concurrency: 7 }\nroutes:\n  z: { stream: z, webhook: { url: \"http://a\" } }\n",
            [
                "20-b.yaml": "routes:\n  " + route("b"), "10-a.yaml": route("a") + route("a2"),
                "30-empty.yaml": "# switched off\n", "40-none.yaml": "routes:\n", ".hidden.yaml": "{",
                "50.yaml~": "{",
            ])
        #expect(config.routes.map(\.name) == ["z", "a", "a2", "b"])
        #expect(config.routes.map(\.concurrency) == [7, 7, 7, 7])
    }

    @Test func `the file needs no routes if others have some`() throws {
        #expect(try load("instance: x\n", ["a.yaml": route("a")]).routes.map(\.name) == ["a"])
        #expect(
            try errors("instance: x\n", ["a.yaml": "#\n"]).map { $0.prefix { $0 != ";" } } == [
                "bridge.yaml:1:1: routes: is missing"
            ])
    }

    @Test func `what is wrong is told with the file, the line and the column`() throws {
        let found = try errors(
            route("x").replacing("x:", with: "routes: { x:").replacing("\n", with: " }\n"),
            [
                "a.yaml": "a: { stream: a, webhook: { url: \"http://a\", timeut: 5s } }\n",
                "b.yaml": "routes:\n  b:\n    stream: b\n    webhook: { url: \"http://a\", timeout: 5 }\nredis: x\n",
                "c.yaml": "c: [1]\n", "d.yaml": "- 1\n", "e.yaml": "e: {\n",
                "f.yaml": "f:\n  stream: f\n  filter: |\n    .a |\n    nosuch\n  webhook: { url: \"http://a\" }\n",
            ])
        #expect(
            found.map { String($0.prefix(60)) } == [
                "routes.d/a.yaml:1:45: routes.a.webhook.timeut: unknown key; ",
                "routes.d/b.yaml:4:42: routes.b.webhook.timeout: \"5\" has no u",
                "routes.d/b.yaml:5:1: redis: stands beside routes; in routes.",
                "routes.d/c.yaml:1:4: routes.c: is a list; it must be a map w",
                "routes.d/d.yaml:1:1: routes: is a list; it must be a map of ",
                "routes.d/e.yaml:2:1: not valid YAML: did not find expected n",
                "routes.d/f.yaml:3:11: routes.f.filter: jq: nosuch/0 is not d",
            ])
    }

    @Test func `a route that stands twice is told with both places`() throws {
        let text = "routes:\n  a: { stream: a, webhook: { url: \"http://a\" } }\n"
        let found = try errors(
            text, ["1.yaml": "\n" + route("b"), "2.yaml": route("a") + route("b"), "3.yaml": route("c") + route("c")])
        let path = directory.path
        #expect(
            found
                == [
                    "routes.d/2.yaml:1:1: routes.a: the route stands twice, first in \(path)/bridge.yaml:2; remove one",
                    "routes.d/2.yaml:2:1: routes.b: the route stands twice, first in \(path)/routes.d/1.yaml:2; remove one",
                    "routes.d/3.yaml:2:1: c: the key stands twice, first in line 1; remove one",
                ].map { $0.replacing(path + "/", with: "") })
    }

    @Test func `routes that share a stream and a group are told with the other's file`() throws {
        let found = try errors(
            "routes:\n  a: { stream: s, group: g, webhook: { url: \"http://a\" } }\n",
            ["1.yaml": "b: { stream: s, group: g, webhook: { url: \"http://a\" } }\n"])
        #expect(found.count == 1)
        #expect(
            found[0].hasPrefix("routes.d/1.yaml:1:24: routes.b.group: route a (bridge.yaml:2) reads \"s\" as group"))
    }

    @Test func `a route may be called routes, and a file that is not read is told of`() throws {
        let config = try load("instance: x\n", ["a.yaml": route("routes"), "b.yml": route("b")])
        #expect(config.routes.map(\.name) == ["routes"])
        #expect(
            config.advice.map { "\($0)".replacing(directory.path + "/", with: "") } == [
                "routes.d/b.yml: is not read; rename it to end in .yaml"
            ])
    }

    @Test func `a change of any of the files shows`() throws {
        _ = try load("instance: x\n", ["a.yaml": route("a")])
        let path = directory.file("bridge.yaml")
        let before = ConfigFile.stamps(path: path)
        #expect(ConfigFile.stamps(path: path) == before)
        try directory.write(route("a") + route("b"), to: "routes.d/a.yaml")
        let edited = ConfigFile.stamps(path: path)
        #expect(edited != before)
        try directory.write(route("c"), to: "routes.d/c.yaml")
        let added = ConfigFile.stamps(path: path)
        #expect(added != edited)
        try directory.write("instance: y2\n", to: "bridge.yaml")
        #expect(ConfigFile.stamps(path: path) != added)
    }

    @Test func `without the directory there is nothing to say`() throws {
        let path = try directory.write("routes:\n  " + route("a"), to: "bridge.yaml")
        #expect(try ConfigFile.load(path: path).routes.map(\.name) == ["a"])
    }
}
