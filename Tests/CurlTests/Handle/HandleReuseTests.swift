import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// Handles and connections that are used again and again.
@Suite(.timeLimit(.minutes(1))) struct HandleReuseTests {
    @Test func `one connection carries all requests of a handle, and of the next one`() async throws {
        let receiver = try ScriptedReceiver()
        try await onLoop { [url = receiver.url] actor in
            for _ in 0..<2 {
                let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
                for number in 0..<25 {
                    let _: TransferResult = try await callback {
                        try handle.start(request([], Array("\(number)".utf8)), completion: $0)
                    }
                }
            }
        }
        #expect(receiver.ledger.map(\.text) == (0..<50).map { "\($0 % 25)" })
        #expect(receiver.connections == 1)
    }

    @Test func `other fixed lines go out from the next request on, also with a large body`() async throws {
        let receiver = try ScriptedReceiver()
        try await onLoop { [url = receiver.url] actor in
            let options = TransferOptions(url: url, headers: ["X-Key: one"])
            let handle = try CurlHandle(loop: actor.loop, options: options)
            for body in [[1], [2], [UInt8](repeating: 3, count: 1 << 20)] {
                let _: TransferResult = try await callback {
                    try handle.start(request([], body), completion: $0)
                    // While it is under way.
                    try handle.replaceHeaders(["X-Key: two", "X-More: 1"])
                }
            }
            #expect(throws: TransportFailure.self) { try handle.replaceHeaders(["X-Key: a\r\nX-Evil: 1"]) }
            let _: TransferResult = try await callback { try handle.start(request([], [4]), completion: $0) }
        }
        #expect(receiver.ledger.map { $0["x-key"] } == ["one", "two", "two", "two"])
        #expect(receiver.ledger.map { $0["x-more"] } == [nil, "1", "1", "1"])
        #expect(receiver.ledger.allSatisfy { $0["expect"] == nil })
    }

    @Test func `a request may have many lines of its own, and the next one few`() async throws {
        let receiver = try ScriptedReceiver()
        try await onLoop { [url = receiver.url] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url, headers: ["X-Fixed: 1"]))
            for count in [100, 2, 17] {
                var buffer = RequestBuffer()
                for number in 0..<count {
                    buffer.addHeader(Array("X-\(number)".utf8)) { $0.append(contentsOf: "v\(number)".utf8) }
                }
                let _: TransferResult = try await callback { try handle.start(buffer, completion: $0) }
            }
        }
        #expect(receiver.ledger.map { $0.headers.count { $0.name.hasPrefix("X-") } } == [101, 3, 18])
        #expect(receiver.ledger.map { $0["x-1"] } == ["v1", "v1", "v1"])
        #expect(receiver.ledger[0]["x-99"] == "v99")
    }

    @Test func `a thousand requests with sixteen handles are each answered once`() async throws {
        let receiver = try ScriptedReceiver()
        let answers = try await onLoop { [url = receiver.url] actor in
            let handles = try (0..<16).map { _ in
                try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            }
            return try await callback { (done: @escaping ([Int]) -> Void) in
                let work = Work(handles: handles, count: 1000, done: done)
                for index in handles.indices { work.next(index) }
            }
        }
        #expect(answers == Array(repeating: 1, count: 1000))
        #expect(Set(receiver.ledger.map(\.id)) == Set((0..<1000).map { "\($0)" }))
        #expect(receiver.ledger.count == 1000)
        #expect((1...16).contains(receiver.connections))
    }

    /// Requests 0 ..< count; each handle takes the next one from its own completion.
    private final class Work {
        private let handles: [CurlHandle]
        private var answers: [Int]
        private var started = 0
        private let done: ([Int]) -> Void

        init(handles: [CurlHandle], count: Int, done: @escaping ([Int]) -> Void) {
            self.handles = handles
            self.done = done
            answers = Array(repeating: 0, count: count)
        }

        func next(_ index: Int) {
            guard started < answers.count else {
                if !handles.contains(where: \.isBusy) { done(answers) }
                return
            }
            let number = started
            started += 1
            let buffer = request([("webhook-id", "\(number)")], Array("body \(number)".utf8))
            do {
                try handles[index].start(buffer) { result in
                    if result.response?.status == 200 { self.answers[number] += 1 }
                    self.next(index)
                }
            } catch {
                Issue.record(error)
            }
        }
    }

    @Test func `a cancelled request is not told of, and the handle serves the next`() async throws {
        let receiver = try ScriptedReceiver { $0.id == "1" ? .hang : .answer(200) }
        let told = try await onLoop { [receiver] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: receiver.url))
            var told: [String] = []
            try handle.start(request([("webhook-id", "1")])) { _ in told.append("1") }
            _ = try await onThread { try receiver.waitFor(count: 1) }
            #expect(handle.isBusy)
            handle.cancel()
            handle.cancel()
            #expect(!handle.isBusy)
            let result: TransferResult = try await callback {
                try handle.start(request([("webhook-id", "2")]), completion: $0)
            }
            return told + ["\(result.response?.status ?? 0)"]
        }
        #expect(told == ["200"])
    }

    @Test func `a busy handle that is let go takes its transfer along`() async throws {
        let receiver = try ScriptedReceiver { $0.id == "1" ? .hang : .answer(200) }
        let told = try await onLoop { [receiver] actor in
            var told: [String] = []
            var first: CurlHandle? = try CurlHandle(loop: actor.loop, options: TransferOptions(url: receiver.url))
            try first?.start(request([("webhook-id", "1")])) { _ in told.append("1") }
            _ = try await onThread { try receiver.waitFor(count: 1) }
            first = nil
            let second = try CurlHandle(loop: actor.loop, options: TransferOptions(url: receiver.url))
            let result: TransferResult = try await callback {
                try second.start(request([("webhook-id", "2")]), completion: $0)
            }
            return told + ["\(result.response?.status ?? 0)"]
        }
        #expect(told == ["200"])
    }

    @Test func `a completion may cancel other requests, finished ones included`() async throws {
        let receiver = try ScriptedReceiver()
        let told = try await onLoop { [url = receiver.url] actor in
            let handles = try (0..<8).map { _ in try CurlHandle(loop: actor.loop, options: TransferOptions(url: url)) }
            var told = 0
            let _: Bool = try await callback { done in
                for handle in handles {
                    try handle.start(request()) { _ in
                        told += 1
                        handles.forEach { $0.cancel() }
                        actor.loop.schedule(after: .milliseconds(50)) { done(true) }
                    }
                }
            }
            return told
        }
        #expect(told == 1)
    }

    @Test func `the buffer may be changed as soon as the request has started`() async throws {
        let receiver = try ScriptedReceiver()
        try await onLoop { [url = receiver.url] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            var buffer = request([("webhook-id", "first")], Array(repeating: 0x61, count: 1 << 20))
            let _: TransferResult = try await callback { done in
                try handle.start(buffer, completion: done)
                buffer.removeAll()
                buffer.addHeader("webhook-id") { $0.append(contentsOf: "other".utf8) }
                buffer.body = Array(repeating: 0x62, count: 1 << 20)
            }
        }
        #expect(receiver.ledger.map(\.id) == ["first"])
        #expect(receiver.ledger.map(\.body) == [Array(repeating: 0x61, count: 1 << 20)])
    }
}
