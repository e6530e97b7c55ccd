import FootbridgeRESP
import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct AppendScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func target(_ group: LiveGroup) -> String { "\(group.stream):target" }
        private func memory(_ group: LiveGroup) -> String { AppendScript.memory(of: target(group)) }

        private func config(
            _ group: LiveGroup, _ trimming: AppendConfig.Trimming? = nil, exact: Bool = false
        ) -> AppendConfig {
            AppendConfig(stream: TargetName(target(group)), trimming: trimming, isExact: exact)
        }

        private func reply(_ command: RESPCommand, _ group: LiveGroup) async throws -> Int64? {
            try await group.live.client.call(command).integer
        }

        /// - Parameter entries: names and values in turn, of each new entry.
        private func acknowledging(
            _ number: UInt64, _ config: AppendConfig, _ group: LiveGroup, _ entries: [[String]] = [["n", "1"]],
            isReplay: Bool = false
        ) -> RESPCommand {
            let lists: [any RESPArgument] = entries.flatMap { ["\($0.count)"] + $0 }
            let head: [any RESPArgument] = [
                AppendScript.acknowledging(config), 2, group.stream, target(group), group.name, EntryID.at(number),
                "a", isReplay ? 1 : 0,
            ]
            return RESPCommand("EVAL", arguments: head + lists)
        }

        private func remembering(
            _ name: String, _ config: AppendConfig, _ group: LiveGroup, _ entries: [[String]] = [["n", "1"]],
            forget: [String] = [], cleans: Bool = false
        ) -> RESPCommand {
            let lists: [any RESPArgument] = entries.flatMap { ["\($0.count)"] + $0 }
            let head: [any RESPArgument] = [
                AppendScript.remembering(config), 2, target(group), memory(group), name, cleans ? "1" : "0",
                forget.count,
            ]
            return RESPCommand("EVAL", arguments: head + forget + lists)
        }

        private func appended(_ group: LiveGroup) throws -> [RedisReply] {
            try group.run("XRANGE", target(group), "-", "+").elements.map { $0.elements[1] }
        }

        private func refusal(of command: RESPCommand, _ group: LiveGroup) async -> ServerError? {
            do throws(RedisError) {
                _ = try await group.live.client.call(command)
                return nil
            } catch {
                return error.serverError
            }
        }

        // MARK: - On the server of the source

        @Test func `the entry is appended and acknowledged, once`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            let command = acknowledging(1, config(group), group, [["n", "1", "n", "2"]])
            #expect(try await reply(command, group) == 1)
            #expect(try await reply(command, group) == 0)
            #expect(try appended(group) == [["n", "1", "n", "2"]])
            #expect(try group.pending() == [Pending(2, "a", 1)])
        }

        @Test func `what is replayed is deleted in the same step`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(2, by: "a")
            #expect(try await reply(acknowledging(1, config(group), group, isReplay: true), group) == 1)
            #expect(try await reply(acknowledging(2, config(group), group), group) == 1)
            #expect(try group.run("XRANGE", group.stream, "-", "+").elements.map { $0.elements[0].text } == ["2-0"])
            #expect(try group.pending() == [])
        }

        @Test func `one entry becomes several`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            let command = acknowledging(1, config(group), group, [["a", "1"], ["b", "2", "c", ""], ["d", "4"]])
            #expect(try await reply(command, group) == 1)
            #expect(try appended(group) == [["a", "1"], ["b", "2", "c", ""], ["d", "4"]])
            #expect(try group.pending() == [])
        }

        @Test func `an entry of another, of nobody, and of a group that is gone is not appended`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(1, by: "b")
            for number in [UInt64(1), 2] {
                #expect(try await reply(acknowledging(number, config(group), group), group) == 0)
            }
            #expect(try group.pending() == [Pending(1, "b", 1)])
            try group.destroy()
            #expect(try await reply(acknowledging(1, config(group), group), group) == 0)
            try group.run("DEL", group.stream)
            try group.run("SET", group.stream, "no stream")
            #expect(try await reply(acknowledging(1, config(group), group), group) == 0)
            #expect(try appended(group) == [])
        }

        @Test func `what cannot be appended stays pending`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("SET", target(group), "no stream")
            let command = acknowledging(1, config(group), group, [["a", "1"], ["b", "2"]])
            #expect(await refusal(of: command, group)?.kind == .wrongType)
            #expect(try group.pending() == [Pending(1, "a", 1)])
        }

        @Test func `so it does when the server has no memory left`() async throws {
            let live = try await LiveServer.start()
            let group = try LiveGroup(entries: 1, on: live)
            try group.read(1, by: "a")
            try group.run("CONFIG", "SET", "maxmemory", "1")
            for command in [acknowledging(1, config(group), group), remembering("x", config(group), group)] {
                #expect(await refusal(of: command, group)?.code == "OOM")
            }
            try group.run("CONFIG", "SET", "maxmemory", "0")
            #expect(try group.pending() == [Pending(1, "a", 1)])
            #expect(try appended(group) == [])
            #expect(try group.run("EXISTS", memory(group)) == 0)
            await live.client.close()
        }

        @Test func `an entry that is no longer in its stream is appended`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("XDEL", group.stream, "1-0")
            #expect(try await reply(acknowledging(1, config(group), group), group) == 1)
            #expect(try appended(group) == [["n", "1"]])
        }

        // MARK: - Trimming

        @Test func `the newest stay`() async throws {
            let group = try LiveGroup(entries: 6)
            try group.read(6, by: "a")
            for number in UInt64(1)...5 {
                let command = acknowledging(
                    number, config(group, .length(3), exact: true), group, [["n", "\(number)"]])
                #expect(try await reply(command, group) == 1)
            }
            #expect(try appended(group) == [["n", "3"], ["n", "4"], ["n", "5"]])
            // Whole nodes of the server's only: nothing of so few goes.
            #expect(try await reply(acknowledging(6, config(group, .length(3)), group), group) == 1)
            #expect(try appended(group).count == 4)
        }

        @Test func `the young stay`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            let now = try #require(try group.run("TIME").elements.first?.text.flatMap { Int($0) })
            for age in [7200, 3700, 3500, 10] {
                try group.run("XADD", target(group), "\(now - age)000-0", "age", "\(age)")
            }
            let young = config(group, .age(.seconds(3600)), exact: true)
            #expect(try await reply(acknowledging(1, young, group), group) == 1)
            #expect(try appended(group) == [["age", "3500"], ["age", "10"], ["n", "1"]])
            #expect(try await reply(remembering("x", young, group), group) == 1)
        }

        // MARK: - On another server

        @Test func `what is remembered is not appended again`() async throws {
            let group = try LiveGroup()
            let command = remembering("x", config(group), group, [["a", "1"], ["b", "2"]])
            #expect(try await reply(command, group) == 1)
            #expect(try await reply(command, group) == 0)
            #expect(try await reply(remembering("y", config(group), group), group) == 1)
            #expect(try appended(group) == [["a", "1"], ["b", "2"], ["n", "1"]])
        }

        @Test func `names are forgotten, and what is old goes when it is time`() async throws {
            let group = try LiveGroup()
            let now = try #require(try group.run("TIME").elements.first?.text.flatMap { Int($0) })
            try group.run(
                "ZADD", memory(group), "\(now - 86_500)", "old", "\(now - 86_300)", "young", "\(now)", "b", "-1", "-")
            #expect(try await reply(remembering("x", config(group), group, forget: ["b", "c"]), group) == 1)
            #expect(try group.run("ZRANGE", memory(group), "0", "-1") == ["-", "old", "young", "x"])
            let again = remembering("x", config(group), group, forget: ["young"], cleans: true)
            #expect(try await reply(again, group) == 0)
            #expect(try group.run("ZRANGE", memory(group), "0", "-1") == ["x"])
        }

        @Test func `what could not be appended is not remembered`() async throws {
            let group = try LiveGroup()
            try group.run("SET", target(group), "no stream")
            let command = remembering("x", config(group), group)
            #expect(await refusal(of: command, group)?.kind == .wrongType)
            try group.run("DEL", target(group))
            #expect(try await reply(command, group) == 1)
            #expect(try await reply(command, group) == 0)
            #expect(try appended(group).count == 1)
        }

        @Test func `a memory of another type, and a user who may not remember, let nothing be appended`() async throws {
            let live = try await LiveServer.start()
            let group = try LiveGroup(on: live)
            try group.run("SET", memory(group), "no set")
            #expect(await refusal(of: remembering("x", config(group), group), group)?.kind == .wrongType)
            try group.run("DEL", memory(group))
            try group.run("ACL", "SETUSER", "default", "-zadd")
            #expect(await refusal(of: remembering("x", config(group), group), group) != nil)
            try group.run("ACL", "SETUSER", "default", "+zadd")
            #expect(try appended(group) == [])
            await live.client.close()
        }

        @Test func `what fits is appended by a script`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            let most = EntryFields(
                (0..<AppendScript.maximumStrings / 2).map { (name: Array("f\($0)".utf8)[...], value: [1][...]) })
            #expect(AppendScript.fits(most))
            let strings = most.flatMap { [String(decoding: $0.name, as: UTF8.self), "1"] }
            #expect(try await reply(acknowledging(1, config(group), group, [strings]), group) == 1)
            #expect(try await reply(remembering("x", config(group), group, [strings]), group) == 1)
            #expect(try appended(group).map(\.elements.count) == [strings.count, strings.count])
        }
    }
}
