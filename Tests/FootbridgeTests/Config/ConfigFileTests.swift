import FootbridgeCurl
import FootbridgeRedis
import FootbridgeWebhooks
import Foundation
import RedisStreams
import Testing

@testable import Footbridge

@Suite struct ConfigFileTests {
    @Test func `every setting arrives where it belongs`() throws {
        let config = try ConfigFixture(name: "maximal.configtest").parse()
        let first = try SigningSecret("whsec_Zmlyc3Qgc2VjcmV0LCB0aGlydHktdHdvIGJ5dGVzISE=")
        let other = try SigningSecret("whsec_b3RoZXIgc2VjcmV0LCB0aGlydHktdHdvIGJ5dGVzISE=")
        let orders = RouteConfig(
            name: "orders", streams: ["orders", "{eu}:orders"], group: "shipping",
            start: .id(EntryID(milliseconds: 1_700_000_000_000, sequence: 5)),
            destination: .webhook(
                WebhookConfig(
                    url: "https://example.com/hooks?token=hunter2", method: "PUT",
                    headers: [
                        .init(name: "X-Env", value: "prod"), .init(name: "Authorization", value: "Bearer hunter2"),
                    ],
                    body: .field("data"), contentType: "application/cloudevents+json", timeout: .seconds(30),
                    connectTimeout: .seconds(2), responseLimitBytes: 1_048_576, sign: [first, first, other])),
            concurrency: 128,
            retry: RetryPolicy(
                attempts: 5,
                backoff: Backoff(initial: .milliseconds(250), factor: 1.5, maximum: .seconds(600), jitter: 0)),
            deadLetter: .stream("graveyard"), claimAfter: .seconds(120), takeOver: .all,
            drainTimeout: .seconds(3600), trim: TrimConfig(keep: .age(.seconds(7 * 86_400))))
        let refunds = RouteConfig(
            name: "refunds", streams: ["refunds"], group: "refunds",
            destination: .webhook(
                WebhookConfig(
                    url: "http://[::1]:8080",
                    connection: ConnectionOptions(addressGuard: AddressGuard(ranges: [try AddressRange("::1")])))),
            deadLetter: .off)
        #expect(
            config
                == BridgeConfig(
                    redis: .url(try RedisURL("redis://bridge:hunter2@redis.internal:6380/3")), instance: "web-7",
                    namespace: "shop", workers: 4, log: LogConfig(level: .debug, format: .json),
                    admin: AdminConfig(listen: AdminAddress(host: "::1", port: 9464)), routes: [orders, refunds]))
    }

    /// As Windows' editors write it. libyaml takes the mark for a column, so that the second key stood in another one.
    @Test func `a byte-order mark is no part of the text`() throws {
        let text = """
            redis: { url: "redis://localhost" }
            routes: { o: { stream: s, webhook: { url: "https://example.com" } } }

            """
        let plain = try ConfigFile.parse(text: text, fileName: "bridge.yaml")
        #expect(try ConfigFile.parse(text: "\u{feff}" + text, fileName: "bridge.yaml") == plain)
        let errors = #expect(throws: ConfigErrors.self) {
            try ConfigFile.parse(text: "\u{feff}routs: {}\n" + text, fileName: "bridge.yaml")
        }
        #expect(errors.map { "\($0)" } == "bridge.yaml:1:1: routs: unknown key; did you mean routes?")
    }

    @Test(arguments: [String.Encoding.utf16LittleEndian, .utf16BigEndian])
    func `UTF-16 is told`(encoding: String.Encoding) throws {
        let directory = URL.temporaryDirectory.appending(path: "configtest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "b.yaml")
        try #require("\u{feff}redis: embedded".data(using: encoding)).write(to: file)
        let errors = #expect(throws: ConfigErrors.self) { try ConfigFile.load(path: file.path) }
        #expect(errors.map { "\($0)" } == "\(file.path):1:1: the file is UTF-16; save it as UTF-8")
    }

    @Test func `headers of a route replace those of the defaults, whatever their case`() throws {
        let config = try ConfigFixture(name: "defaults-merged.configtest").parse()
        #expect(
            config.routes[1].webhook?.headers == [
                .init(name: "x-env", value: "test"), .init(name: "X-More", value: "1"),
                .init(name: "X-Team", value: "blue"),
            ])
    }

    @Test func `a missing file, a directory and a file that is too large are errors of the config`() throws {
        let directory = URL.temporaryDirectory.appending(path: "configtest-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data(repeating: UInt8(ascii: "#"), count: (1 << 20) + 1).write(to: URL(filePath: "\(directory)/large.yaml"))
        try Data("workers: 1\ninstance: \"w\u{00E9}".utf8 + [0xFF]).write(to: URL(filePath: "\(directory)/binary.yaml"))
        let missing = ":1:1: the file does not exist; create it or correct its path"
        #expect(errors(at: "\(directory)/nowhere.yaml") == missing)
        #expect(errors(at: directory) == ":1:1: the file is a directory; name a file in it")
        #expect(errors(at: "\(directory)/large.yaml") == ":1:1: the file is larger than 1MiB")
        #expect(errors(at: "\(directory)/binary.yaml") == ":2:14: not valid YAML: invalid leading UTF-8 octet")
    }

    @Test func `secret files are found from the directory of the config`() throws {
        let directory = URL.temporaryDirectory.appending(path: "configtest-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(directory)/keys", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let secret = "whsec_Zmlyc3Qgc2VjcmV0LCB0aGlydHktdHdvIGJ5dGVzISE="
        try Data("\(secret)\r\n".utf8).write(to: URL(filePath: "\(directory)/keys/orders"))
        let yaml = """
            routes:
              orders: { stream: a, webhook: { url: "http://a", sign: { secret: { file: keys/orders } } } }
            """
        try Data(yaml.utf8).write(to: URL(filePath: "\(directory)/bridge.yaml"))
        let config = try ConfigFile.load(path: "\(directory)/bridge.yaml")
        #expect(config.routes[0].webhook?.sign == [try SigningSecret(secret)])
    }

    @Test func `files of Redis' TLS are found from the directory of the config`() throws {
        let text = """
            redis: { url: "rediss://r1?ca=tls/ca.pem&cert=/etc/cert.pem&key=key.pem" }
            routes: { a: { stream: a, webhook: { url: http://a } } }
            """
        let config = try ConfigFile.parse(text: text, fileName: "/srv/footbridge/bridge.yaml")
        let expected = "rediss://r1?ca=/srv/footbridge/tls/ca.pem&cert=/etc/cert.pem&key=/srv/footbridge/key.pem"
        #expect(config.redis == .url(try RedisURL(expected)))
    }

    @Test(arguments: [("web-1.example", "web-1.example"), ("web 1/ä", "web-1---"), ("", "localhost")])
    func `the instance is the host's name, as far as a consumer can have it`(host: String, instance: String) throws {
        let config = try ConfigFile.parse(
            text: "routes: { a: { stream: a, webhook: { url: http://a } } }", fileName: "bridge.yaml",
            environment: ConfigFile.Environment(variables: [:], hostName: host))
        #expect(config.instance == instance)
    }

    @Test func `this machine's host name makes an instance`() throws {
        let text = "routes: { a: { stream: a, webhook: { url: http://a } } }"
        #expect(try ConfigFile.parse(text: text, fileName: "bridge.yaml").instance.isEmpty == false)
    }

    @Test func `many problems are cut off in print, not in the list`() {
        let text = (1...150).map { "k\($0): 1\n" }.joined() + "routes: { a: { stream: a, webhook: { url: http://a } } }"
        do throws(ConfigErrors) {
            _ = try ConfigFile.parse(text: text, fileName: "bridge.yaml")
            Issue.record("no error was found")
        } catch {
            #expect(error.problems.count == 150)
            #expect(error.description.split(separator: "\n").count == 101)
            #expect(error.description.hasSuffix("… and 50 more"))
        }
    }

    /// The errors without the path of the file.
    private func errors(at path: String) -> String {
        do throws(ConfigErrors) {
            _ = try ConfigFile.load(path: path)
            return "none"
        } catch {
            return error.description.replacingOccurrences(of: path, with: "")
        }
    }
}
