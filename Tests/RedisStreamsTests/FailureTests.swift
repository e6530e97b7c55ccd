import FootbridgeRedis
import Testing

@testable import RedisStreams

struct FailureTests {
    @Test(arguments: [
        ("WRONGPASS invalid username-password pair or user is disabled.", Redis.Failure.Kind.notAllowed, false),
        ("NOAUTH Authentication required.", .notAllowed, false),
        ("LOADING Redis is loading the dataset in memory", .transient, true),
    ])
    func `why no connection could be made is kept`(text: String, kind: Redis.Failure.Kind, isTransient: Bool) {
        let failure = Redis.Failure(.unsent(.server(ServerError(text.utf8))), "XADD")
        #expect(failure == .server(kind, "XADD was not sent: \(text)"))
        #expect(failure.isTransient == isTransient)
    }

    @Test func `a node of a Cluster is told as such`() {
        let text = RedisError.clusterNode.description
        #expect(Redis.Failure(.unsent(.clusterNode), "XADD") == .server(.clusterNode, text))
        #expect(Redis.Failure(connecting: .clusterNode) == .server(.clusterNode, text))
        #expect(Redis.Failure.Kind(ServerError("MOVED 3999 127.0.0.1:6381".utf8)) == .clusterNode)
    }

    @Test func `a server that is away is transient`() {
        #expect(Redis.Failure(.unsent(nil), "XADD") == .unreachable("XADD was not sent: no connection yet"))
        #expect(Redis.Failure(.unsent(.timedOut(command: "HELLO")), "XADD").isTransient)
    }
}
