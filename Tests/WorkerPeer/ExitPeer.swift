import RedisStreams

#if canImport(Glibc)
    import Glibc
#endif

/// Calls `exit` while connections are used and made: `WorkerPeer exit <url> <milliseconds>`
enum ExitPeer {
    static func run(_ url: String, _ time: Duration) async throws -> Never {
        let redis = try await Redis.connect(url)
        for number in 0..<6 { Task.detached { await write(redis, "s\(number)") } }
        for _ in 0..<4 { Task.detached { await reconnect(url) } }
        try await Task.sleep(for: time)
        exit(0)
    }

    private static func write(_ redis: Redis, _ key: String) async {
        let text = String(repeating: "x", count: 3000)
        while !Task.isCancelled { _ = try? await redis.stream(key).add(["text": text], trimming: .length(100)) }
    }

    private static func reconnect(_ url: String) async {
        while !Task.isCancelled {
            guard let redis = try? await Redis.connect(url) else { continue }
            await redis.close()
        }
    }
}
