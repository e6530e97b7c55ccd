import Foundation
import TestSupport
import TestThreads
import Testing

/// Receivers that want to hurt: memory stays bounded, no entry is lost, and the reasons are clear.
@Suite(.serialized, .ownThreads) struct HostileReceivers {
    /// The most memory that a process has had, in MiB (`VmHWM` in proc(5)).
    private func peak(_ process: ChildProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) / 1024
    }

    private static let attacks = [
        "a gibibyte", "a gibibyte announced", "a gibibyte in chunks", "headers", "one header", "interim answers",
        "a drip of headers", "a drip of the body",
    ]

    private static func attack(_ name: String, _ connection: ServerConnection) throws {
        let ok = "HTTP/1.1 200 OK\r\n"
        let mebibyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        switch name {
        case "a gibibyte":
            try connection.send("\(ok)\r\n")
            for _ in 0..<1024 { try connection.send(mebibyte) }
        case "a gibibyte announced":
            try connection.send("\(ok)content-length: 1073741824\r\n\r\n")
            for _ in 0..<1024 { try connection.send(mebibyte) }
        case "a gibibyte in chunks":
            try connection.send("\(ok)transfer-encoding: chunked\r\n\r\n")
            for _ in 0..<1024 { try connection.send(Array("100000\r\n".utf8) + mebibyte + Array("\r\n".utf8)) }
        case "headers":
            try connection.send(ok)
            let lines = Array(
                String(repeating: "x-flood: \(String(repeating: "y", count: 1000))\r\n", count: 1000).utf8)
            for _ in 0..<1024 { try connection.send(lines) }
        case "one header":
            try connection.send("\(ok)x-flood: ")
            for _ in 0..<1024 { try connection.send(mebibyte) }
        case "interim answers":
            let answers = Array(String(repeating: "HTTP/1.1 102 Processing\r\nx: y\r\n\r\n", count: 30_000).utf8)
            for _ in 0..<1024 { try connection.send(answers) }
        case "a drip of headers":
            try connection.send(ok)
            while true {
                try connection.send("x: y\r\n")
                connection.hang(.milliseconds(50))
            }
        default:
            try connection.send("\(ok)content-length: 100000\r\n\r\n")
            while true {
                try connection.send("z")
                connection.hang(.milliseconds(50))
            }
        }
    }

    @Test func `floods and drips cost neither memory nor entries`() throws {
        let scene = try Scene()
        let seen = Monitor<[String: Int]>([:])
        let server = try StreamServer { connection in
            while case let bytes = try connection.receive(), !bytes.isEmpty {
                let text = String(decoding: bytes, as: UTF8.self)
                let name = Self.attacks.first { text.contains("\"\($0)\"") }
                let earlier = seen.withLock { seen -> Int in
                    guard let name else { return 0 }
                    defer { seen[name, default: 0] += 1 }
                    return seen[name] ?? 0
                }
                if let name, earlier == 0 { return try Self.attack(name, connection) }
                try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            }
        }
        scene.file.route.url = "http://127.0.0.1:\(server.port)/hooks"
        scene.file.route.webhook["timeout"] = "1s"
        scene.file.route.retry(attempts: 5, every: "100ms")
        for name in Self.attacks { try scene.redis.add([Field("n", name)]) }
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(20))
        // An answer of 2xx counts, however long its body; the others were no answers.
        let expected = Dictionary(uniqueKeysWithValues: Self.attacks.map { ($0, $0.hasPrefix("a gibibyte") ? 1 : 2) })
        #expect(seen.value == expected)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        let peak = try peak(bridge)
        #expect(peak < 100, "\(peak) MiB")
        #expect(try bridge.stop() == .status(0))
        #expect(bridge.logs("summary").map { $0.metadata["delivered"] } == ["\(Self.attacks.count)"])
    }

    @Test(arguments: [
        "99999999999999999999", "-1", "0x10", "1e9", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT",
        "\u{1}", "5 5", "",
    ])
    func `no Retry-After makes an entry wait for longer than the route allows`(value: String) throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503, headers: ["Retry-After": value]) : .answer(200) }
        var retry = "{ attempts: 5, retry_after_max: 300ms, "
        retry += "backoff: { initial: 100ms, factor: 1, max: 100ms, jitter: 0 } }"
        scene.file.route.keys["retry"] = retry
        try scene.redis.add(numbers: 0..<5)
        try scene.run()
        try scene.receiver.waitUntil { $0.acceptedIDs.count == 5 }
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    /// Told in words that name the fault, by a bridge that keeps the entries.
    @Test func `certificates that have expired or are another host's`() throws {
        let scene = try Scene()
        let certificates = try TLSCertificates(in: scene.directory)
        let other = try certificates.forServer(named: "elsewhere.example", in: scene.directory)
        let expired = try certificates.expired(in: scene.directory)
        let servers = [
            "other": try TLSServer(.http, certificate: other.certificate, key: other.key),
            "expired": try TLSServer(.http, certificate: expired.certificate, key: expired.key),
        ]
        scene.file.routes = servers.map { name, server in
            var route = BridgeFile.Route(name: name, streams: [name], url: "https://127.0.0.1:\(server.port)/")
            route.webhook["tls"] = "{ ca: ca.crt }"
            route.retry(attempts: 1, every: "10ms")
            return route
        }
        for name in servers.keys { try scene.redis.add(numbers: 0..<10, to: name) }
        let bridge = try scene.run()
        try eventually("both are down") {
            bridge.logs().filter { $0.message.hasPrefix("the endpoint is down") }.count == 2
        }
        let causes = Dictionary(
            uniqueKeysWithValues: bridge.logs().filter { $0.message.hasPrefix("the endpoint is down") }
                .map { ($0.metadata["route"] ?? "", $0.metadata["cause"] ?? "") })
        #expect(causes["expired"]?.contains("certificate has expired") == true, "\(causes)")
        #expect(causes["other"]?.contains("127.0.0.1") == true, "\(causes)")
        for name in servers.keys { #expect(try scene.redis.unsettled(name, name) == 10) }
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
    }
}
