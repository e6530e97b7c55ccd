import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// Which connection a request goes over, and what is told of it.
@Suite(.timeLimit(.minutes(1))) struct KeptConnectionTests {
    /// Sends one request after the other with one handle.
    private func results(
        _ url: String, _ count: Int, _ prepare: @escaping @Sendable (CurlHandle) -> Void = { _ in },
        fresh: Set<Int> = [], body: [UInt8] = Array("abc".utf8), between: @Sendable () throws -> Void = {}
    ) async throws -> [TransferResult] {
        try await onLoop { actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            prepare(handle)
            var results: [TransferResult] = []
            for number in 0..<count {
                if number > 0 { try between() }
                results.append(
                    try await callback {
                        try handle.start(
                            request([("webhook-id", "\(number)")], body), fresh: fresh.contains(number), completion: $0)
                    })
            }
            return results
        }
    }

    private func answered(_ status: Int, used: Bool) -> TransferResult {
        .success(TransferResponse(status: status, bodyHead: [], isTruncated: false, usedConnection: used))
    }

    @Test func `the first request has a new connection, those after it a used one, unless asked otherwise`()
        async throws
    {
        let receiver = try ScriptedReceiver()
        let results = try await results(receiver.url, 4, fresh: [2])
        #expect(results == [false, true, false, true].map { answered(200, used: $0) })
        // The last one has two to choose from.
        #expect(receiver.ledger.map(\.connection).prefix(3) == [0, 0, 1])
        #expect(receiver.connections == 2)
    }

    /// libcurl 7.88.1 would send it again by itself (Curl_retry_request in lib/transfer.c), up to five times.
    @Test(arguments: [3, 1 << 20])
    func `a request whose kept connection ends without an answer is not sent again`(count: Int) async throws {
        let receiver = try ScriptedReceiver { $0.id == "1" ? .reset : .answer(200) }
        let results = try await results(receiver.url, 3, body: [UInt8](repeating: 0x61, count: count))
        #expect(results[0] == answered(200, used: false))
        #expect(results[1].failureKind == .keptConnectionEnded)
        #expect(results[1].failure?.usedConnection == true)
        #expect(results[2] == answered(200, used: false))
        #expect(receiver.ledger.map(\.id) == ["0", "1", "2"])
        #expect(receiver.connections == 2)
    }

    @Test func `neither is it sent again over another kept connection`() async throws {
        let receiver = try ScriptedReceiver { $0.id == "reset" ? .reset : .answerAfter(.milliseconds(100), 200) }
        let kind = try await onLoop { [url = receiver.url] actor in
            let handles = try (0..<4).map { _ in try CurlHandle(loop: actor.loop, options: TransferOptions(url: url)) }
            let _: Bool = try await callback { done in
                var left = handles.count
                for handle in handles {
                    try handle.start(request([("webhook-id", "first")])) { _ in
                        left -= 1
                        if left == 0 { done(true) }
                    }
                }
            }
            let result: TransferResult = try await callback {
                try handles[0].start(request([("webhook-id", "reset")]), completion: $0)
            }
            return result.failureKind
        }
        #expect(kind == .keptConnectionEnded)
        #expect(receiver.ledger.map(\.id) == ["first", "first", "first", "first", "reset"])
        #expect(receiver.connections == 4)
    }

    @Test func `a receiver that went after the request is told as that, not as one who refuses`() async throws {
        let itself = Monitor<StreamServer?>(nil)
        let server = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            _ = try connection.receive()
            itself.value?.stop()
        }
        itself.withLock { $0 = server }
        defer { itself.withLock { $0 = nil } }
        let results = try await results("http://127.0.0.1:\(server.port)/", 2)
        #expect(results[1].failureKind == .keptConnectionEnded)
    }

    @Test func `a connection that is found dead before the request is replaced without a word`() async throws {
        let (isEnding, hasEnded) = (Gate(), Gate())
        let server = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            guard connection.number == 0 else { return connection.waitForEnd() }
            _ = isEnding.wait()
            connection.end()
            hasEnded.open()
        }
        let results = try await results(
            "http://127.0.0.1:\(server.port)/", 2,
            between: {
                isEnding.open()
                _ = hasEnded.wait()
            })
        #expect(results == [answered(200, used: false), answered(200, used: false)])
        #expect(server.connections == 2)
    }

    @Test(arguments: [(false, [0, 0, 0, 0]), (true, [0, 0, 1, 2])])
    func `after an error the connection is closed if the owner says so`(
        closes: Bool, connections: [Int]
    ) async throws {
        let receiver = try ScriptedReceiver { request in
            request.id == "1" ? .answer(503) : request.id == "2" ? .answer(302) : .answer(200)
        }
        let results = try await results(receiver.url, 4, { $0.closesAfterErrors = closes })
        #expect(results.map { $0.response?.status } == [200, 503, 302, 200])
        #expect(receiver.ledger.map(\.connection) == connections)
    }

    /// After these the name may point elsewhere by now.
    @Test(arguments: [301, 401, 403, 404, 410, 421, 500, 503])
    func `an old connection that answers so is made anew`(status: Int) async throws {
        for (age, connections) in [(Duration.zero, [0, 0, 1]), (.seconds(3600), [0, 0, 0])] {
            let receiver = try ScriptedReceiver { $0.id == "1" ? .answer(status) : .answer(200) }
            let results = try await results(receiver.url, 3, { $0.renewalAge = age })
            #expect(results.map { $0.response?.status } == [200, status, 200])
            #expect(receiver.ledger.map(\.connection) == connections)
        }
    }

    @Test func `a new connection is not made anew, nor one with another answer`() async throws {
        let receiver = try ScriptedReceiver { $0.id == "0" ? .answer(503) : .answer(422) }
        _ = try await results(receiver.url, 3, { $0.renewalAge = .zero })
        #expect(receiver.ledger.map(\.connection) == [0, 0, 0])
    }

    /// The connection's age counts, not when its handle last made one: two of them are kept here, and the handle has made the
    /// young one.
    @Test func `of an old and a young connection that answer so only the old one is given up`() async throws {
        let receiver = try ScriptedReceiver { ["0", "1"].contains($0.id) ? .answer(200) : .answer(503) }
        try await onLoop { [url = receiver.url] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            handle.renewalAge = .seconds(3600)
            for number in 0..<6 {
                // The first one is two hours old from now on.
                if number == 1 {
                    let times = actor.loop.connectionTimes
                    for port in 0..<65_536 where times[port] != 0 { times[port] &-= 7_200_000 }
                }
                try await handle.send("\(number)", fresh: number == 1)
            }
        }
        #expect(receiver.ledger.map(\.connection) == [0, 1, 0, 1, 1, 1])
    }

    @Test func `connections made before a moment are not used any more`() async throws {
        let receiver = try ScriptedReceiver()
        try await onLoop { [url = receiver.url] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            try await handle.send("0")
            try await actor.pass(.milliseconds(2100))
            handle.oldestConnection = actor.loop.now
            try await handle.send("1", fresh: true)
            for id in ["2", "3", "4"] { try await handle.send(id) }
        }
        #expect(receiver.ledger.map(\.connection) == [0, 1, 1, 1, 1])
    }

    @Test func `no more idle connections are kept than the loop is told to`() async throws {
        let receiver = try ScriptedReceiver { _ in .answerAfter(.milliseconds(50), 200) }
        try await onLoop { [url = receiver.url] actor in
            actor.loop.keptConnections = 2
            let handles = try (0..<8).map { _ in try CurlHandle(loop: actor.loop, options: TransferOptions(url: url)) }
            for _ in 0..<2 {
                let _: Bool = try await callback { done in
                    var left = handles.count
                    for handle in handles {
                        try handle.start(request()) { _ in
                            left -= 1
                            if left == 0 { done(true) }
                        }
                    }
                }
            }
        }
        #expect(receiver.connections == 14)
    }
}

extension CurlHandle {
    fileprivate func send(_ id: String, fresh: Bool = false) async throws {
        let _: TransferResult = try await callback {
            try self.start(request([("webhook-id", id)]), fresh: fresh, completion: $0)
        }
    }
}

extension TestLoop {
    fileprivate func pass(_ time: Duration) async throws {
        let _: Bool = try await callback { done in self.loop.schedule(after: time) { done(true) } }
    }
}
