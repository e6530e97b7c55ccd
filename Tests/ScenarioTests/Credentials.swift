import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Credentials {
    @Test func `each kind of credentials arrives where it belongs, and is shown nowhere`() throws {
        let scene = try Scene()
        scene.file.level = "debug"
        let kinds = [
            "basic": "{ basic: { user: shop, password: { file: secret } } }", "bearer": "{ bearer: { file: secret } }",
            "header": "{ api_key: { header: X-Api-Key, value: { file: secret } } }",
            "query": "{ api_key: { query: \"api key\", value: { file: secret } } }",
            "aws": "{ aws: { access_key: AKID, secret_key: { file: secret }, session_token: t0ken, "
                + "region: eu-west-1, service: execute-api } }",
        ]
        let secret = "pa55 wörd+/&="
        try scene.directory.write("\(secret)\n", to: "secret")
        scene.file.routes = kinds.map { name, auth in
            var route = BridgeFile.Route(name: name, streams: [name], url: "\(scene.receiver.url)/\(name)")
            route.webhook["auth"] = auth
            return route
        }
        for name in kinds.keys { try scene.redis.add(numbers: 0..<3, to: name) }
        let bridge = try scene.run()
        let ledger = try scene.receiver.waitFor(count: 15)
        for route in scene.file.routes { try scene.waitUntilSettled(route) }
        let requests = Dictionary(grouping: ledger) { String($0.path.split { "/?".contains($0) }[1]) }
        let encoded = Data("shop:\(secret)".utf8).base64EncodedString()
        #expect(requests["basic"]?.map { $0["authorization"] } == Array(repeating: "Basic \(encoded)", count: 3))
        #expect(requests["bearer"]?.map { $0["authorization"] } == Array(repeating: "Bearer \(secret)", count: 3))
        #expect(requests["header"]?.map { $0["x-api-key"] } == Array(repeating: secret, count: 3))
        let query = "/hooks/query?api%20key=pa55%20w%C3%B6rd%2B%2F%26%3D"
        #expect(requests["query"]?.map(\.path) == Array(repeating: query, count: 3))
        for request in requests["aws"] ?? [] {
            #expect(faultOfAWSSignature(request, secretKey: secret) == nil)
            #expect(request["x-amz-security-token"] == "t0ken")
        }
        #expect(try bridge.stop() == .status(0))
        let shown = try footbridge("check", "--show", "-c", scene.directory.file("a.yaml")).output
        for text in [bridge.errorOutput, shown] {
            for hidden in ["pa55", "t0ken", encoded, "AKID"] { #expect(!text.contains(hidden)) }
        }
    }
}
