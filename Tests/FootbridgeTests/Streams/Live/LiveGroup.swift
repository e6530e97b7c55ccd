import FootbridgeRESP
import FootbridgeRedis
import Foundation
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

/// A group of a stream under a key of its own; entries are `1-0`, `2-0`, … with the field `n`.
struct LiveGroup {
    let stream = "s:\(UUID().uuidString)"
    let name = "g"
    let live: LiveServer

    /// - Parameter position: where the group begins.
    init(entries: UInt64 = 0, at position: String = "0", on live: LiveServer? = LiveServer.current) throws {
        self.live = try #require(live)
        if entries > 0 { try add(1...entries) }
        try make(at: position)
    }

    // MARK: - Acting as others do

    /// Sends a command; an error reply fails the test.
    @discardableResult
    func run(_ words: String...) throws -> RedisReply {
        let reply = try live.probe.command(words.map { Array($0.utf8) })
        if case .error(let text) = reply { throw TestSupportError("\(words.prefix(3)): \(text)") }
        return reply
    }

    /// - Parameter padding: bytes of a second field.
    func add(_ numbers: ClosedRange<UInt64>, padding: Int = 0) throws {
        let more = padding > 0 ? ["pad", String(repeating: "x", count: padding)] : []
        let replies = try live.probe.pipeline(
            numbers.map { number in
                (["XADD", stream, "\(number)-0", "n", "\(number)"] + more).map { Array($0.utf8) }
            })
        try #require(replies.last?.text == "\(numbers.upperBound)-0")
    }

    func make(at position: String = "0") throws { try run("XGROUP", "CREATE", stream, name, position, "MKSTREAM") }

    func destroy() throws { try run("XGROUP", "DESTROY", stream, name) }

    func read(_ count: Int, by consumer: String) throws {
        let reply = try run("XREADGROUP", "GROUP", name, consumer, "COUNT", "\(count)", "STREAMS", stream, ">")
        try #require(reply.elements.first?.elements.last?.elements.count == count)
    }

    /// Makes a pending entry look as if it had been delivered so often, the last time so long ago.
    func age(_ id: UInt64, of consumer: String, deliveries: Int, idle: Int) throws {
        try run(
            "XCLAIM", stream, name, consumer, "0", "\(id)-0", "IDLE", "\(idle)", "RETRYCOUNT", "\(deliveries)",
            "JUSTID")
    }

    func makeConsumer(_ consumer: String) throws { try run("XGROUP", "CREATECONSUMER", stream, name, consumer) }

    func makeConsumers(_ consumers: [String]) throws {
        _ = try live.probe.pipeline(
            consumers.map { ["XGROUP", "CREATECONSUMER", stream, name, $0].map { Array($0.utf8) } })
    }

    // MARK: - The code under test

    func call<Reply>(_ command: StreamCommand<Reply>) async throws -> Reply { try await live.client.call(command) }

    /// What the server refuses a command with; `nil` if it does not.
    func refusal<Reply>(of command: StreamCommand<Reply>) async -> RedisError? {
        do throws(RedisError) {
            _ = try await live.client.call(command)
            return nil
        } catch {
            return error
        }
    }

    // MARK: - Looking

    struct Pending: Equatable {
        let id: EntryID
        let consumer: String
        let deliveries: Int64

        init(_ number: UInt64, _ consumer: String, _ deliveries: Int64) {
            (id, self.consumer, self.deliveries) = (.at(number), consumer, deliveries)
        }
    }

    func pending() throws -> [Pending] {
        try run("XPENDING", stream, name, "-", "+", "100000").elements.map { row in
            let parts = row.elements
            let id = try #require(parts[0].text.flatMap { EntryID($0) })
            return Pending(id.milliseconds, parts[1].text ?? "", parts[3].integer ?? -1)
        }
    }

    /// Milliseconds since a pending entry was delivered.
    func idle(_ number: UInt64) throws -> Int64 {
        try #require(
            try run("XPENDING", stream, name, "\(number)-0", "\(number)-0", "1").elements.first?.elements[2].integer)
    }

    /// Sorted.
    func consumers() throws -> [String] {
        try run("XINFO", "CONSUMERS", stream, name).elements.compactMap { $0["name"]?.text }.sorted()
    }

    /// Milliseconds since each consumer showed life, at one moment.
    func silences() throws -> [String: Int64] {
        let rows = try run("XINFO", "CONSUMERS", stream, name).elements
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"]?.text ?? "", $0["idle"]?.integer ?? -1) })
    }

    func lastDelivered() throws -> String? {
        try run("XINFO", "GROUPS", stream).elements.first { $0["name"]?.text == name }?["last-delivered-id"]?.text
    }
}

extension EntryID {
    static func at(_ number: UInt64) -> EntryID { EntryID(milliseconds: number) }
}
