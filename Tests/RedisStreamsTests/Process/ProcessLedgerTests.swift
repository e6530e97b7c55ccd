import Foundation
import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Three processes work through 100,000 messages while they are killed and frozen; some messages fail a few times, and some
/// always. Nothing is lost, and what is handled twice is what was under way.
@Suite(.timeLimit(.minutes(3))) struct ProcessLedgerTests {
    private static let messages = 100_000
    private static let abandonedAfter = 1000
    /// Of each process: handlers, and messages that are handled and not acknowledged, are no more than what it keeps in memory.
    private static let window = 400

    private struct Fleet {
        let jobs: RedisServer
        let ledger: RedisServer
        var peers: [ChildProcess] = []
        var (kills, freezes) = (0, 0)
        var told = ""

        init() throws {
            (jobs, ledger) = (try RedisServer(), try RedisServer())
            for _ in 0..<3 { peers.append(try start()) }
        }

        func start() throws -> ChildProcess {
            try ChildProcess(
                ChildProcess.builtBinary("WorkerPeer"),
                [jobs.url, ledger.url, "\(ProcessLedgerTests.abandonedAfter)", "32"])
        }

        mutating func killOne() throws {
            let index = Int.random(in: peers.indices)
            peers[index].signal(SIGKILL)
            _ = try peers[index].waitForExit()
            told += peers[index].output
            kills += 1
            peers[index] = try start()
        }

        mutating func freezeOne() async throws {
            let peer = peers.randomElement()!
            peer.signal(SIGSTOP)
            try await Task.sleep(for: .milliseconds(.random(in: 1500...2500)))
            peer.signal(SIGCONT)
            freezes += 1
        }
    }

    @Test func `killed and frozen workers lose nothing`() async throws {
        let beginning = ContinuousClock.now
        var fleet = try await onThread { try Fleet() }
        let redis = try await Redis.connect(fleet.jobs.url)
        let ledger = try await Redis.connect(fleet.ledger.url, deadline: .seconds(20))
        let producer = Task {
            for portion in 0..<100 {
                _ = try await redis.send("EVAL", Self.producing, 1, "jobs", portion * 1000, 1000)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        for round in 0..<12 {
            if round % 3 == 2 {
                try await fleet.freezeOne()
            } else {
                fleet = try await onThread { [fleet] in
                    var fleet = fleet
                    try fleet.killOne()
                    return fleet
                }
                try await Task.sleep(for: .milliseconds(.random(in: 300...900)))
            }
        }
        try await producer.value
        let group = redis.consumerGroup("workers", of: ["jobs"])["jobs"]
        while true {
            let info = try #require(try await group.info())
            if info.lag == 0, info.pendingCount == 0 { break }
            try #require(.now - beginning < .seconds(100), "\(info)")
            try await Task.sleep(for: .milliseconds(100))
        }
        for peer in fleet.peers { peer.signal(SIGTERM) }
        for peer in fleet.peers { #expect(try await onThread { try peer.waitForExit() } == .status(0)) }

        var handled: [Int: Int] = [:]
        let rows = try #require(try await ledger.send("HGETALL", "ledger").elements)
        for index in stride(from: 0, to: rows.count, by: 2) {
            handled[try #require(rows[index].integer)] = rows[index + 1].integer
        }
        var buried: [Int: String] = [:]
        for try await letter in redis.stream("jobs:dead")[...] {
            let number = try #require(letter.fields.integer("field.n"))
            #expect(buried[number] == nil, "\(number) was buried twice")
            buried[number] = letter["reason"]
        }
        let lost = (0..<Self.messages).filter { handled[$0] == nil && buried[$0] == nil }
        let both = handled.keys.filter { buried[$0] != nil }
        let again = handled.values.reduce(0) { $0 + $1 - 1 }
        let took = (fleet.peers.map(\.output).joined() + fleet.told).split(separator: "\n").count {
            $0.hasPrefix("took")
        }
        print(
            """
            ledger: \(Self.messages) messages, \(fleet.kills) kills, \(fleet.freezes) freezes, \(took) takeovers: \
            \(handled.count) handled, \(again) of them again, \(buried.count) buried, \(both.count) both, \
            \(lost.count) lost, in \(ContinuousClock.now - beginning)
            """)
        #expect(lost.isEmpty)
        // What fails always is buried, and not before its attempts are over.
        let never = (0..<Self.messages).filter { $0 % 1000 == 7 }
        #expect(never.allSatisfy { buried[$0]?.hasPrefix("exhausted: ") ?? false })
        #expect(
            (0..<Self.messages).filter { $0 % 50 == 9 }.allSatisfy {
                buried[$0] == "rejected: wrong" || buried[$0] == "exhausted: instance_lost"
            })
        // A message comes again when its process was killed or taken for dead between its end and its acknowledgement.
        #expect(again <= (fleet.kills + fleet.freezes) * Self.window)
        #expect(fleet.kills >= 8 && fleet.freezes >= 4)
        await redis.close()
        await ledger.close()
    }

    private static let producing = """
        for i = ARGV[1], ARGV[1] + ARGV[2] - 1 do
          local kind = 'good'
          if i % 1000 == 7 then kind = 'never' elseif i % 50 == 9 then kind = 'wrong' elseif i % 100 == 3 then kind = 'late' end
          redis.call('XADD', KEYS[1], '*', 'n', string.format('%d', i), 'kind', kind)
        end
        """
}
