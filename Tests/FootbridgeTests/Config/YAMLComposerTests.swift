import TestThreads
import Testing

@testable import Footbridge

@Suite(.longRunning) struct YAMLComposerTests {
    @Test(arguments: ConfigFixture.names)
    func `a file cut off anywhere gives errors or a config, never a trap`(name: String) throws {
        let fixture = try ConfigFixture(name: name)
        let bytes = Array(fixture.yaml.utf8)
        for length in stride(from: 0, to: bytes.count, by: 7) {
            _ = try? ConfigFile.parse(
                text: String(decoding: bytes[..<length], as: UTF8.self), fileName: "bridge.yaml",
                environment: fixture.environment, directory: ConfigFixture.directory)
        }
    }

    @Test func `hostile shapes of a full megabyte are refused`() {
        let shapes = [
            String(repeating: "[", count: 1 << 20), String(repeating: "{a: ", count: 1 << 18),
            String(repeating: "- ", count: 1 << 19), String(repeating: "? ", count: 1 << 19),
            String(repeating: "a: {", count: 1 << 18), "a: &a [" + String(repeating: "*a,", count: 300_000) + "]",
        ]
        for shape in shapes {
            #expect(throws: YAMLFailure.self) { try YAMLComposer.compose(Array(shape.utf8)) }
        }
    }

    @Test func `brackets beyond libyaml's own limit are said as those beyond ours`() {
        for count in [30, 5000] {
            let text = String(repeating: "[", count: count)
            let failure = #expect(throws: YAMLFailure.self) { try YAMLComposer.compose(Array(text.utf8)) }
            #expect(failure?.message == "nested deeper than 20 levels")
        }
    }

    @Test func `a megabyte of aliases to a large map ends at the limit of values`() {
        let base = "a: &a [" + String(repeating: "x,", count: 1000) + "]\nb: ["
        let text = base + String(repeating: "*a,", count: 300_000) + "]"
        let failure = #expect(throws: YAMLFailure.self) { try YAMLComposer.compose(Array(text.utf8)) }
        #expect(failure?.message == "aliases and all, more than 100,000 values; that is no config")
    }

    @Test func `merged keys give way to the map's own and to earlier ones`() throws {
        let text = "a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { z: 3, <<: [*a, *b] }\n"
        let root = try #require(try YAMLComposer.compose(Array(text.utf8)).root)
        guard case .mapping(let entries) = root.content, case .mapping(let merged) = entries[2].value.content else {
            Issue.record("not a map")
            return
        }
        let values = merged.map { entry in
            if case .scalar(let text, _) = entry.value.content { "\(entry.key)\(text)" } else { "" }
        }
        #expect(values == ["z3", "x1", "y1"])
    }
}
