import FootbridgeCurl
import FootbridgeRedis
import FootbridgeWebhooks
import Testing

@testable import Footbridge

/// The table of docs/delivery.md about what ends in Redis. The replies are those of Redis 7.0.
struct RedisOutcomeTests {
    private func outcome(_ reply: String) -> Outcome { Outcome(.server(ServerError(reply.utf8))) }

    @Test(arguments: [
        "NOPERM this user has no permissions to run the 'xadd' command", "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR unknown command 'SPUBLISH', with args beginning with: ",
        "CROSSSLOT Keys in request don't hash to the same slot",
    ])
    func `what people have to mend refuses the route`(reply: String) {
        let code = String(reply.prefix { $0 != " " })
        let expected = Outcome.routeRefused(.redis(.init(reply)))
        #expect(outcome(reply) == expected)
        let login = RedisError.Login(address: .tcp(host: "h", port: 1), user: "bob")
        #expect(Outcome(.refused(ServerError(reply.utf8), login)) == expected)
        #expect(expected.reason == "redis_\(code.lowercased())")
        #expect("\(expected)" == "Redis refuses: \(reply)")
        #expect(expected.precedesRequest && !expected.maySpeakOfEntries)
    }

    @Test(arguments: [
        "OOM command not allowed when used memory > 'maxmemory'.", "LOADING Redis is loading the dataset in memory",
        "MISCONF Redis is configured to save RDB snapshots", "READONLY You can't write against a read only replica.",
        "NOREPLICAS Not enough good replicas to write.", "BUSY Redis is busy running a script.",
        "TRYAGAIN Multiple keys request during rehashing of slot", "ERR something else", "ODD one",
    ])
    func `what may pass is an outage`(reply: String) {
        let code = String(reply.prefix { $0 != " " })
        let expected = Outcome.outage(.redis(.init(reply)))
        #expect(outcome(reply) == expected)
        #expect(expected.reason == "redis_\(code.lowercased())")
        #expect(expected.status == nil)
    }

    @Test func `the place in our script is not told`() {
        let reply = "OOM command not allowed. script: 4b21aa, on @user_script:1."
        #expect(outcome(reply) == .outage(.redis(.init("OOM command not allowed."))))
    }

    @Test(
        arguments: [
            (.connection(TransportFailure(kind: .refused, message: "")), .outage(.refused)),
            (.connection(TransportFailure(kind: .disconnected, message: "")), .outage(.reset)),
            (.connection(TransportFailure(kind: .certificate, message: "")), .routeRefused(.certificate)),
            (.connection(TransportFailure(kind: .unknownHost, message: "")), .routeRefused(.unknownHost)),
            (.connection(TransportFailure(kind: .ownLack, message: "no file")), .ownLack("no file")),
            (.timedOut(command: "EVAL"), .outage(.timedOut)), (.closed, .outage(.reset)),
            (
                .notMaster(role: "slave"),
                .outage(.redis(.init("the server is a slave, not a master")))
            ),
        ] as [(RedisError, Outcome)])
    func `what is wrong with the connection is as with a receiver's`(error: RedisError, expected: Outcome) {
        #expect(Outcome(error) == expected)
    }

    @Test func `a server that asks for something else`() {
        #expect(Outcome(.clusterNode) == .routeRefused(.redis(.init(RedisError.clusterNode.description))))
        #expect(Outcome(.clusterNode).reason == "redis")
        #expect(Outcome(.noSentinel("a: refused")).reason == "transport")
    }

    @Test func `a key of another type that the entry names is the entry's own fault`() {
        let error = RedisError.server(ServerError("WRONGTYPE Operation against a key".utf8))
        let answer = Outcome.RedisAnswer("WRONGTYPE Operation against a key")
        #expect(Outcome(error, isNamedByEntry: true) == .messageRefused(.redis(answer)))
        #expect(Outcome(error, isNamedByEntry: false) == .routeRefused(.redis(answer)))
        let denied = RedisError.server(ServerError("NOPERM no".utf8))
        #expect(Outcome(denied, isNamedByEntry: true) == .routeRefused(.redis(Outcome.RedisAnswer("NOPERM no"))))
    }
}
