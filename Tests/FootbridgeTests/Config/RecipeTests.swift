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
        let environment = ConfigFile.Environment(variables: [:], hostName: "host")
        let config = try ConfigFile.load(path: "\(Self.directory)/\(name)", environment: environment)
        #expect(!config.routes.isEmpty)
    }

    @Test func `there are recipes`() {
        #expect(Set(Self.names).isSuperset(of: ["chain.yaml", "dead-letters.yaml", "fan-out.yaml"]))
    }
}
