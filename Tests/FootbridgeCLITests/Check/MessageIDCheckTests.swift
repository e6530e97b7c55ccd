import Footbridge
import Testing

@testable import footbridge

@Suite struct MessageIDCheckTests {
    private func findings(_ yaml: String) throws -> [String] {
        MessageIDCheck.findings(try ConfigFile.parse(text: yaml, fileName: "bridge.yaml")).map(\.description)
    }

    @Test func `routes that send one stream to one URL are warned of`() throws {
        let yaml = """
            routes:
              ship: { stream: orders, webhook: { url: "https://example.com/hooks?to=ship" } }
              bill: { streams: [refunds, orders], webhook: { url: "https://example.com/hooks?to=bill" } }
            """
        let expected = """
              warn   routes ship and bill send entries of orders to one URL with equal webhook-ids: \
            a receiver that drops repeats drops one of the two; give each route a URL of its own
            """
        #expect(try findings(yaml) == [expected])
    }

    @Test(
        arguments: [
            "{ stream: orders, webhook: { url: http://b } }", "{ stream: refunds, webhook: { url: http://a } }",
        ])
    func `another URL or another stream is fine`(second: String) throws {
        #expect(try findings("routes: { a: { stream: orders, webhook: { url: http://a } }, b: \(second) }") == [])
    }

    @Test func `routes without requests have no ids`() throws {
        let yaml = """
            redis: embedded
            routes:
              live: { stream: orders, publish: { channel: c } }
              more: { stream: orders, publish: { channel: c } }
              copy: { stream: orders, append: { stream: s } }
            """
        #expect(try findings(yaml) == [])
    }

    @Test(arguments: [("", 1), ("namespace: berlin", 0)])
    func `an embedded Redis without a namespace is told of`(namespace: String, count: Int) throws {
        let yaml = """
            redis: embedded
            \(namespace)
            routes: { a: { stream: orders, webhook: { url: http://a } } }
            """
        let note = """
              note   redis: embedded without a namespace: if several bridges have this file and one receiver, write a \
            namespace that differs, or entries of two of them can share a webhook-id
            """
        #expect(try findings(yaml) == Array(repeating: note, count: count))
    }
}
