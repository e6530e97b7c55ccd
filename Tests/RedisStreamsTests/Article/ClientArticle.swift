import Foundation
import RedisStreams
import TestSupport
import Testing

/// What the articles on connections and on other commands show.
@Suite(.timeLimit(.minutes(1))) struct ClientArticle {
    @Test func `configuration`() async throws {
        let server = try await onThread { try RedisServer(.init(password: "secret")) }
        let port = server.port
        struct Vault {
            func password() async throws -> String { "secret" }
        }
        let vault = Vault()

        var configuration = RedisConfiguration(.tcp(host: "127.0.0.1", port: port), clientName: "orders")
        configuration.credentials = { .init(password: try await vault.password()) }  // for each new connection
        configuration.deadline = .seconds(2)
        let redis = Redis(configuration)

        try await redis.stream("events").add(["n": 1])

        let quick = redis.with(deadline: .milliseconds(500))
        let count = try await quick.stream("events").count

        #expect(count == 1)
        let clients = try await redis.send("CLIENT", "LIST").text ?? ""
        #expect(clients.contains("name=orders"))

        let watcher = Task {
            var servers: [String] = []
            for await event in redis.events {
                switch event {
                case .connected(let server): servers.append(server)
                case .lost(let failure): print("Redis is away: \(failure)")
                }
            }
            return servers
        }
        await redis.close()
        #expect(await watcher.value.allSatisfy { $0 == "127.0.0.1:\(port)" })
    }

    @Test func `TLS`() async throws {
        let server = try await onThread { try RedisServer(.init(tls: true, choice: .redis)) }
        let files = try #require(server.certificates)
        let pem = Array(try Data(contentsOf: URL(filePath: files.authority)))
        let (certificate, key) = (files.clientCertificate, files.clientKey)
        var configuration = RedisConfiguration(.tcp(host: "localhost", port: server.port))

        configuration.tls = .init(authority: .bytes(pem), certificate: .file(certificate), key: .file(key))

        let redis = try await Redis.connect(configuration)
        #expect(try await redis.send("PING").text == "PONG")
        await redis.close()
    }

    @Test func `Sentinels`() async throws {
        let (master, sentinel) = try await onThread {
            let master = try RedisServer()
            return (master, try Sentinel(watching: master.port))
        }
        let port = sentinel.port

        let redis = try await Redis.connect(master: "mymaster", sentinels: ["redis://127.0.0.1:\(port)"])

        #expect(try await redis.send("CONFIG", "GET", "port")["port"]?.text == "\(master.port)")
        await redis.close()
    }

    @Test func `other commands`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis

        let length = try await redis.send("XLEN", "stream-a").integer

        #expect(length == 0)

        let (id, total) = try await redis.pipeline {
            ($0.add(["n": 1], to: "events"), $0.send("INCR", "total"))
        }
        print(try id.get(), try total.get().integer ?? 0)

        let (second, sum) = try await redis.transaction {
            ($0.add(["n": 2], to: "events"), $0.send("INCR", "total"))
        }

        #expect(try id.get() < second && sum.integer == 2)
        _ = try await redis.send("SET", "stock", 1)

        func sellOne() async throws -> Int {
            while true {
                do {
                    return try await redis.watching(["stock"]) { watched in
                        let left = try await watched.send("GET", "stock").integer ?? 0
                        guard left > 0 else { return 0 }
                        _ = try await watched.transaction {
                            ($0.send("DECR", "stock"), $0.add(["left": left - 1], to: "sales"))
                        }
                        return 1
                    }
                } catch let failure as Redis.Failure where failure.kind == .conflict {}
            }
        }

        #expect(try await sellOne() == 1)
        #expect(try await sellOne() == 0)
        _ = try await redis.send("SET", "lock", "mine")
        let token = "mine"

        let release = RedisScript(
            "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0")
        let isReleased = try await redis.run(release, keys: ["lock"], arguments: [token]).integer == 1

        #expect(isReleased)
        var heard = ""

        let news = try await redis.subscribe(to: ["news"], patterns: ["weather.*"])
        try await redis.publish("rain", to: "weather.berlin")
        for try await event in news {
            switch event {
            case .message(let message): heard = "\(message.channel): \(message.text)"
            case .gap(let reason): print("messages may be missing: \(reason)")
            }
            break  // it would go on without end
        }

        #expect(heard == "weather.berlin: rain")
        await redis.close()
    }
}
