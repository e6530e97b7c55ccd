import FootbridgeRESP
import FootbridgeRedis
import Foundation
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    /// By the server's clock: what is due meanwhile is allowed for, for a test takes its time.
    struct TokenScriptTests {
        private let live: LiveServer
        private let key = "footbridge:rate:\(UUID().uuidString)"

        init() throws { live = try #require(LiveServer.current) }

        private func take(_ wanted: Int, owed: Int = 0, _ limit: RateLimit) async throws -> TokenLots.Grant {
            let words = TokenScript.arguments(.init(owed: owed, wanted: wanted), limit)
            let arguments: [any RESPArgument] = [TokenScript.text, 1, key] + words
            let reply = try await live.client.call(RESPCommand("EVAL", arguments: arguments))
            return try #require(TokenScript.grant(reply))
        }

        private func run(_ words: String...) throws -> RedisReply {
            try live.probe.command(words.map { Array($0.utf8) })
        }

        /// One token in an hour.
        private let slow = RateLimit(perSecond: 1.0 / 3600, burst: 5, scope: .cluster)

        @Test func `a bucket gives its burst, and then says when the next one is due`() async throws {
            let first = try await take(3, slow)
            #expect(first.count == 3)
            // Four were saved up beside the first.
            #expect(first.delay == .seconds(-4 * 3600))
            #expect(try await take(9, slow).count == 2)
            let empty = try await take(1, slow)
            #expect(empty.count == 0)
            #expect((.seconds(3500)...(.seconds(3600))).contains(empty.delay))
        }

        @Test func `tokens of the next 100 ms are given ahead, each with its time`() async throws {
            let limit = RateLimit(perSecond: 100, burst: 1, scope: .cluster)
            let first = try await take(1000, limit)
            #expect(first == TokenLots.Grant(count: 11, delay: .zero))
            let second = try await take(1000, limit)
            // The next ones are due when the first have been, 110 ms later, but for what has passed since.
            #expect(second.delay <= .milliseconds(110))
            #expect(second.count <= 1 || second.delay <= .milliseconds(100))
        }

        @Test func `what is owed is taken in any case, and delays the others`() async throws {
            #expect(try await take(1, owed: 7, slow).count == 0)
            let after = try await take(1, slow)
            // Seven of five are gone: the third from now is the next.
            #expect((.seconds(3 * 3600 - 100)...(.seconds(3 * 3600))).contains(after.delay))
        }

        @Test func `instances with other limits share the bucket all the same`() async throws {
            #expect(try await take(5, slow).count == 5)
            let other = RateLimit(perSecond: 1.0 / 3600, burst: 6, scope: .cluster)
            #expect(try await take(5, other).count == 1)
        }

        @Test func `the key goes when the bucket is full`() async throws {
            _ = try await take(2, slow)
            let left = try #require(try run("PTTL", key).integer)
            #expect((7_100_000...7_201_000).contains(left))
        }

        @Test func `a server whose clock was set back does not hold the rate up until the old time`() async throws {
            _ = try run("SET", key, "\((Int(Date().timeIntervalSince1970) + 10 * 3600) * 1_000_000)")
            let limit = RateLimit(perSecond: 10, burst: 3, scope: .cluster)
            let grant = try await take(5, limit)
            #expect(grant.count == 1 && grant.delay == .milliseconds(100))
        }

        @Test func `what is no number counts as a full bucket, and another type is refused`() async throws {
            _ = try run("SET", key, "nonsense")
            #expect(try await take(9, slow).count == 5)
            _ = try run("DEL", key)
            _ = try run("LPUSH", key, "x")
            await #expect(throws: RedisError.self) { try await take(1, slow) }
        }

        @Test(arguments: [1, 3, 7, 20_000, 1_000_000] as [Double])
        func `no rate gives more than it is, however often it is asked`(rate: Double) async throws {
            let limit = RateLimit(perSecond: rate, burst: 2, scope: .cluster)
            func now() throws -> Double {
                let time = try run("TIME").elements.compactMap(\.text).compactMap(Double.init)
                return time[0] + time[1] / 1_000_000
            }
            let start = try now()
            var (given, grants) = (0, 0)
            while grants < 50 {
                given += try await take(1_000_000, limit).count
                grants += 1
            }
            let passed = try now() - start
            #expect(Double(given) <= 2 + rate * (passed + 0.1) + 1)
            #expect(Double(given) >= 2 + rate * 0.1 * 0.99 - 1)
        }
    }
}
