import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct ConfigCommands {
    @Test func `what init writes is right, and is not written over anything`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("bridge.yaml")
        let made = try footbridge("config", "init", path)
        #expect(made.exit == .status(0))
        #expect(made.output == "\(path) is written. Put in where your entries go, then: footbridge check -c \(path)\n")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(try footbridge("config", "init", "-").output == text)
        let checked = try footbridge("check", "-c", path)
        #expect(checked == CommandResult(0, output: "\(path): ok, 1 route\n"))
        let again = try footbridge("config", "init", path)
        #expect(
            again
                == CommandResult(
                    78, error: "footbridge: \(path) is there already; name another file, or move it away\n"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try footbridge("config", "init", directory.file("no/bridge.yaml")).exit == .status(74))
    }

    /// As somebody would who follows the comments.
    @Test func `what init has commented out is right, too`() throws {
        let directory = try TemporaryDirectory()
        let text = try footbridge("config", "init", "-").output
        let lines = text.split(separator: "\n").map { line -> String in
            let uncommented = String(line).replacing(#/^( *)# (?=[a-z_]+:)/#) { String($0.output.1) }
            let isOther = line.contains("redis: embedded") || line.contains("password:")
            return isOther ? String(line) : uncommented
        }
        let path = try directory.write(
            lines.joined(separator: "\n").replacing("#   listen", with: "  listen") + "\n", to: "bridge.yaml")
        let shown = try CommandResult(
            .footbridge(
                ["config", "print", "-c", path],
                environment: ["ORDERS_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ORDERS_TOKEN": "hunter2"]))
        #expect(shown.exit == .status(0), "\(shown.error)")
        for setting in [
            "admin.listen = 127.0.0.1:9464", "routes.orders.rate = 100/s", "routes.orders.webhook.sign = ***",
            "routes.orders.webhook.headers = {Authorization: ***}",
        ] { #expect(shown.output.contains(setting), "\(shown.output)") }
        #expect(!shown.output.contains("hunter2"))
    }

    @Test func `print shows what check --show does, and a wrong file is told`() throws {
        let scene = try Scene()
        let path = try scene.writeFile()
        let printed = try footbridge("config", "print", "-c", path)
        let shown = try footbridge("check", "--show", "-c", path)
        #expect(shown.output.hasSuffix(printed.output) && printed.output.hasPrefix("redis.url = "))
        #expect(try footbridge("config", "print", "--paths", "-c", path).output.contains("/hooks"))
        scene.file.level = "loud"
        #expect(try footbridge("config", "print", "-c", scene.writeFile()).exit == .status(78))
    }

    @Test func `the schema is JSON`() throws {
        let result = try footbridge("config", "schema")
        let schema = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(schema?["$schema"] as? String == "http://json-schema.org/draft-07/schema#")
    }
}
