import Glibc
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// Why a name does not resolve. The resolver that is asked once more is the test's; the first failure is libcurl's own,
/// for `.invalid` is nobody's (RFC 6761 §6.4).
@Suite(.timeLimit(.minutes(1))) struct NameCheckTests {
    private func kinds(
        _ hosts: [String], patience: Duration = .seconds(30), lookUp: @escaping @Sendable (String) -> Int32
    ) async throws -> [TransportFailure.Kind?] {
        try await onLoop { actor in
            actor.loop.nameChecks.lookUp = lookUp
            actor.loop.nameChecks.patience = patience
            let handles = try hosts.map {
                try CurlHandle(loop: actor.loop, options: TransferOptions(url: "http://\($0):8080/hooks"))
            }
            return try await callback { (done: @escaping ([TransportFailure.Kind?]) -> Void) in
                var kinds: [TransportFailure.Kind?] = Array(repeating: nil, count: hosts.count)
                var left = hosts.count
                for (index, handle) in handles.enumerated() {
                    try handle.start(request()) { result in
                        kinds[index] = result.failureKind
                        left -= 1
                        if left == 0 { done(kinds) }
                    }
                }
            }
        }
    }

    /// EAI_NODATA is -5 (netdb.h).
    @Test(
        arguments: [
            (EAI_NONAME, .unknownHost), (-5, .unknownHost), (EAI_AGAIN, .nameLookupFailed),
            (EAI_FAIL, .nameLookupFailed), (EAI_SYSTEM, .nameLookupFailed), (0, .nameLookupFailed),
        ] as [(Int32, TransportFailure.Kind)])
    func `only a resolver that says so makes a name unknown`(code: Int32, kind: TransportFailure.Kind) async throws {
        let asked = Monitor<[String]>([])
        let kinds = try await kinds(["hooks.invalid"]) { host in
            asked.withLock { $0.append(host) }
            return code
        }
        #expect(kinds == [kind])
        #expect(asked.value == ["hooks.invalid"])
    }

    @Test func `each name is asked for once at a time, whoever waits`() async throws {
        let asked = Monitor<[String]>([])
        let allWait = Gate()
        let hosts = ["a.invalid", "b.invalid", "a.invalid", "a.invalid"]
        let answers = try await onLoop { actor in
            let checks = actor.loop.nameChecks
            checks.patience = .seconds(30)
            checks.lookUp = { host in
                asked.withLock { $0.append(host) }
                _ = allWait.wait()
                return host == "a.invalid" ? EAI_NONAME : EAI_AGAIN
            }
            return try await callback { (done: @escaping ([Bool?]) -> Void) in
                var answers: [Bool?] = Array(repeating: nil, count: hosts.count)
                for (index, host) in hosts.enumerated() {
                    checks.check(host, on: actor.loop) { hasNoAddress in
                        answers[index] = hasNoAddress
                        if answers.allSatisfy({ $0 != nil }) { done(answers) }
                    }
                }
                allWait.open()
            }
        }
        #expect(answers == [true, false, true, true])
        #expect(asked.value.sorted() == ["a.invalid", "b.invalid"])
    }

    @Test func `a resolver that is silent keeps nobody`() async throws {
        let isOver = Gate()
        defer { isOver.open() }
        let kinds = try await kinds(["a.invalid"], patience: .milliseconds(50)) { _ in
            _ = isOver.wait()
            return EAI_NONAME
        }
        #expect(kinds == [.nameLookupFailed])
    }

    @Test func `a request that is cancelled meanwhile is not told of, and the handle serves the next`() async throws {
        let receiver = try ScriptedReceiver()
        let (isAsked, isOver) = (Gate(), Gate())
        let told = try await onLoop { [url = receiver.url] actor in
            actor.loop.nameChecks.patience = .seconds(30)
            actor.loop.nameChecks.lookUp = { _ in
                isAsked.open()
                _ = isOver.wait()
                return EAI_NONAME
            }
            var told: [String] = []
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: "http://a.invalid/"))
            try handle.start(request()) { _ in told.append("cancelled") }
            _ = try await onThread { isAsked.wait() }
            #expect(handle.isBusy)
            handle.cancel()
            #expect(!handle.isBusy)
            isOver.open()
            let other = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            let _: TransferResult = try await callback { try other.start(request(), completion: $0) }
            try await turns(of: actor.loop, for: .milliseconds(50))
            let result: TransferResult = try await callback { try handle.start(request(), completion: $0) }
            return told + ["\(result.failureKind.map { "\($0)" } ?? "-")"]
        }
        #expect(told == ["unknownHost"])
    }

    @Test(arguments: [
        ("http://a.example:80/x", "a.example"), ("https://[::1]/", "[::1]"), ("https://A.example", "A.example"),
    ])
    func `the host of a URL`(url: String, host: String) { #expect(URLHost.of(url) == host) }
}
