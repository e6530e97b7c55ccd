import Foundation
import Testing

@testable import Footbridge

/// A `*.configtest` file: YAML, a line `----------`, then either the error lines, all of them and exactly, or `ok` and
/// lines that the dump of the configuration must hold.
///
/// Comments `# env: NAME=value` in the YAML set variables (`\n` is a line break); no others are set.
struct ConfigFixture: Sendable, CustomTestStringConvertible {
    static let directory = Bundle.module.resourceURL?.appending(path: "Fixtures").path ?? ""

    let name: String
    let yaml: String
    let expected: [String]
    let environment: ConfigFile.Environment

    init(name: String) throws {
        self.name = name
        let text = try String(contentsOfFile: "\(Self.directory)/\(name)", encoding: .utf8)
        let parts = text.components(separatedBy: "\n----------\n")
        guard parts.count == 2 else { throw Malformed(name: name) }
        yaml = parts[0] + "\n"
        expected = parts[1].split(separator: "\n").map(String.init)
        var variables: [String: String] = [:]
        for line in yaml.split(separator: "\n") where line.hasPrefix("# env: ") {
            let pair = line.dropFirst(7).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw Malformed(name: name) }
            variables[String(pair[0])] = String(pair[1].replacing("\\n", with: "\n"))
        }
        environment = ConfigFile.Environment(variables: variables, hostName: "web-1")
    }

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(".configtest") }.sorted()
    }()

    func parse() throws(ConfigErrors) -> BridgeConfig {
        try ConfigFile.parse(
            text: yaml, fileName: "bridge.yaml", environment: environment, directory: Self.directory)
    }

    var testDescription: String { name }

    struct Malformed: Error {
        let name: String
    }
}
