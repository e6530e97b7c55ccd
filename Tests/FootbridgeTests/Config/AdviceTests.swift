import Testing

@testable import Footbridge

/// What works and is better not left as it is.
struct AdviceTests {
    private func advice(_ keys: String) throws -> [String] {
        try ConfigFile.parse(
            text: "redis: embedded\nroutes:\n  a: { stream: a, \(keys) }\n", fileName: "bridge.yaml",
            environment: ConfigFile.Environment(variables: [:], hostName: "host"), directory: "/"
        ).advice.map { "\($0)" }
    }

    @Test(arguments: [
        ("ordering: strict", true), ("ordering: strict, on_dead: hold", false),
        ("ordering: strict, retry: { give_up: always }", false), ("ordering: key, key: .id", false),
    ])
    func `under strict order it is said what giving up needs`(keys: String, isAdvised: Bool) throws {
        let advice = try advice("\(keys), webhook: { url: https://example.com }")
        #expect(advice.count == (isAdvised ? 1 : 0))
        #expect(advice.allSatisfy { $0.hasPrefix("routes.a.ordering: under strict order nothing passes") })
    }

    @Test(arguments: [(64, "1MiB", false), (100, "64MiB", true)])
    func `batches that take very much memory are warned of`(concurrency: Int, bytes: String, isAdvised: Bool) throws {
        let advice = try advice(
            "concurrency: \(concurrency), webhook: { url: https://example.com, batch: { max_bytes: \(bytes) } }")
        #expect(
            advice
                == (isAdvised
                    ? [
                        "routes.a.concurrency: requests under way may hold 6400MiB of bodies: concurrency times "
                            + "batch.max_bytes; lower one of the two"
                    ] : []))
    }
}
