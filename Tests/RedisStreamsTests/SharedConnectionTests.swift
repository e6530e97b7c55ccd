import FootbridgeRESP
import Testing

@testable import RedisStreams

/// Commands that change what later replies mean, or hold them up; <https://redis.io/docs/latest/commands/>.
struct SharedConnectionTests {
    @Test(arguments: [
        ["SUBSCRIBE", "c"], ["psubscribe", "c*"], ["SSubscribe", "c"], ["UNSUBSCRIBE"], ["MONITOR"], ["SYNC"],
        ["MULTI"], ["exec"], ["WATCH", "k"], ["SELECT", "1"], ["AUTH", "pw"], ["HELLO", "2"], ["RESET"], ["QUIT"],
        ["CLIENT", "REPLY", "OFF"], ["client", "reply", "skip"], ["CLIENT", "TRACKING", "ON"],
        ["BLPOP", "k", "0"], ["brpop", "k", "1"], ["BLMOVE", "a", "b", "LEFT", "RIGHT", "0"], ["BZPOPMIN", "k", "0"],
        ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], ["xread", "count", "1", "block", "5", "streams", "s", "$"],
        ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"], ["WAIT", "1", "0"],
    ])
    func `what has no reply of its own, changes the connection or blocks is refused`(words: [String]) {
        let command = RESPCommand(words[0], arguments: Array(words.dropFirst()))
        let reason = SharedConnection.refusal(of: command)
        #expect(reason?.hasPrefix("\(words[0].uppercased()) is not sent: it ") == true)
        #expect(reason?.hasSuffix(", and other tasks use the connection, too") == true)
    }

    @Test(arguments: [
        ["GET", "SUBSCRIBE"], ["CLIENT", "SETNAME", "REPLY"], ["CLIENT", "ID"], ["XREAD", "STREAMS", "BLOCK", "0"],
        ["XREADGROUP", "GROUP", "BLOCK", "BLOCK", "STREAMS", "s", ">"], ["WAIT", "1", "100"], ["LPOP", "k"],
        ["SCRIPT", "LOAD", "return 1"], ["", "x"],
    ])
    func `everything else is sent`(words: [String]) {
        #expect(SharedConnection.refusal(of: RESPCommand(words[0], arguments: Array(words.dropFirst()))) == nil)
    }

    @Test func `arguments may be bytes`() {
        #expect(SharedConnection.refusal(of: ["CLIENT", Array("REPLY".utf8), "OFF"]) != nil)
    }
}
