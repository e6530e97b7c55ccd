import Foundation
import TestSupport
import Testing

@testable import Footbridge

/// What people begin with has to be right.
@Suite struct RecipeTests {
    private static let directory = Repository.path("docs/recipes")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    @Test(arguments: names) func recipe(name: String) throws {
        let text = try Repository.text("docs/recipes/\(name)")
        // As it would stand with what it names: a recipe's secrets are variables, and its certificates are in tls.
        let place = try TestSupport.TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: place.file("tls"), withIntermediateDirectories: false)
        for (from, to) in [("client.pem", "client.pem"), ("client.pem.key", "client.key")] {
            try FileManager.default.copyItem(
                atPath: Repository.path("Tests/FootbridgeTests/Fixtures/\(from)"), toPath: place.file("tls/\(to)"))
        }
        let names = text.matches(of: #/env: (\w+)/#).map { String($0.1) }
        let variables = names.map { ($0, $0.hasSuffix("_URL") ? "https://example.com/secret" : Self.secret) }
        let environment = ConfigFile.Environment(
            variables: Dictionary(variables) { first, _ in first }, hostName: "host")
        let config = try ConfigFile.load(path: place.write(text, to: name), environment: environment)
        #expect(!config.routes.isEmpty)
        // Without them it says which is missing, and nothing else is wrong.
        if let missing = names.first {
            let error = #expect(throws: (any Error).self) {
                try ConfigFile.load(
                    path: place.file(name), environment: ConfigFile.Environment(variables: [:], hostName: "host"))
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains(missing))
        }
    }

    @Test func `the list has every recipe`() throws {
        let list = try Repository.text("docs/recipes/README.md")
        #expect(!Self.names.isEmpty)
        #expect(Self.names.filter { !list.contains("| [\($0)](\($0)) |") } == [])
    }

    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
}
