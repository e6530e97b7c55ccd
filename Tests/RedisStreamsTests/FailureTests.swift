import FootbridgeCurl
import FootbridgeRedis
import Foundation
import Testing

@testable import RedisStreams

struct FailureTests {
    private static let broken = RedisError.connection(TransportFailure(kind: .disconnected, message: "broken"))

    private func answer(_ text: String, to command: String = "XADD") -> Redis.Failure {
        Redis.Failure(.server(ServerError(text.utf8)), command)
    }

    @Test(arguments: [
        ("WRONGPASS invalid username-password pair or user is disabled.", Redis.Failure.Kind.notAllowed, false),
        ("NOAUTH Authentication required.", .notAllowed, false),
        ("LOADING Redis is loading the dataset in memory", .transient, true),
    ])
    func `why no connection could be made is kept`(text: String, kind: Redis.Failure.Kind, isTransient: Bool) {
        let failure = Redis.Failure(.unsent(.server(ServerError(text.utf8))), "XADD")
        #expect(failure.kind == kind)
        #expect(failure.command == "XADD")
        #expect(failure.serverError == text)
        #expect(failure.description == "XADD: it was not sent: \(text)")
        #expect(!failure.mayHaveRun)
        #expect(failure.isTransient == isTransient)
    }

    @Test func `a database that is not there is a wrong configuration`() {
        let failure = Redis.Failure(.unsent(.server(ServerError("ERR DB index is out of range".utf8))), "XADD")
        #expect(failure.kind == .invalidConfiguration)
        #expect(
            failure.description
                == "XADD: it was not sent: the server has no database of that number (`RedisConfiguration.database`, "
                + "or the path of the URL): ERR DB index is out of range")
    }

    @Test func `Foundation tells the same`() {
        let failure = answer("WRONGTYPE Operation against a key")
        #expect((failure as any Error).localizedDescription == "XADD: WRONGTYPE Operation against a key")
        let adding = AddFailure(cause: failure, outcomes: [.added("1-0"), .notAdded])
        #expect((adding as any Error).localizedDescription == adding.description)
    }

    @Test func `a node of a Cluster is told as such`() {
        let text = RedisError.clusterNode.description
        #expect(Redis.Failure(.unsent(.clusterNode), "XADD").description == "XADD: it was not sent: \(text)")
        #expect(Redis.Failure(connecting: .clusterNode).description == text)
        #expect(Redis.Failure.Kind(ServerError("MOVED 3999 127.0.0.1:6381".utf8)) == .clusterNode)
    }

    @Test func `a server that is away is transient, and what was not sent did not run`() {
        for failure in [
            Redis.Failure(.unsent(nil), "XADD"), Redis.Failure(.unsent(.timedOut(command: "HELLO")), "XADD"),
            Redis.Failure(.unsent(Self.broken), "XADD"),
        ] {
            #expect(failure.kind == .unreachable && failure.isTransient && !failure.mayHaveRun)
        }
        #expect(
            Redis.Failure(.unsent(nil), "XADD").description
                == "XADD: Redis is unreachable: it was not sent: no connection yet")
    }

    @Test func `what was sent and has no reply may have run, unless it only reads`() {
        for (cause, kind) in [
            (CallFailure.lost(Self.broken), Redis.Failure.Kind.connectionLost),
            (.lost(.timedOut(command: "XADD")), .timedOut), (.lost(.closed), .closed),
            (.cancelled(wasSent: true), .cancelled),
        ] {
            let failure = Redis.Failure(cause, "XADD")
            #expect(failure.kind == kind)
            #expect(failure.mayHaveRun)
            #expect(failure.description.hasSuffix("(it may have run)"))
            #expect(!Redis.Failure(cause, "XRANGE", isReadOnly: true).mayHaveRun)
        }
        for cause in [CallFailure.closed, .cancelled(wasSent: false), .unsent(nil)] {
            #expect(!Redis.Failure(cause, "XADD").mayHaveRun)
        }
    }

    @Test func `what the server refuses did not run, save for a script that ends in its middle`() {
        let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
        #expect(answer(wrongType) == Redis.Failure(.wrongType, command: "XADD", serverError: wrongType))
        #expect(answer(wrongType).description == "XADD: \(wrongType)")
        let inside = "\(wrongType) script: 3f5, on @user_script:1."
        #expect(answer(inside, to: "EVAL").mayHaveRun)
        #expect(answer(inside, to: "evalsha").mayHaveRun)
        #expect(!answer("NOSCRIPT No matching script.", to: "EVALSHA").mayHaveRun)
        #expect(!answer("BUSY Redis is busy running a script.", to: "EVAL").mayHaveRun)
        #expect(!answer("EXECABORT Transaction discarded because of previous errors.", to: "EXEC").mayHaveRun)
    }

    @Test func `a replica is told as one, and files that are of no use as a wrong configuration`() {
        #expect(Redis.Failure(connecting: .notMaster(role: "slave")).kind == .notMaster)
        let missing = RedisError.connection(TransportFailure(kind: .invalid, message: "no such file"))
        #expect(Redis.Failure(connecting: missing).kind == .invalidConfiguration)
        #expect(!Redis.Failure(.unsent(missing), "XADD").isTransient)
    }
}
