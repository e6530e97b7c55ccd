import RedisStreams
import TestSupport
import Testing

/// `add(contentsOf:)`: what it says when it does not come to its end.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveAddingTests {
    /// What happened to something that failed; `nil` if it did not.
    private func failure(_ body: () async throws(AddFailure) -> Void) async -> AddFailure? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    private func numbers(_ stream: Redis.Stream) async throws -> [Int?] {
        try await stream[...].entries().map { $0.fields.integer("n") }
    }

    @Test func `an entry that is refused: the others are told`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let failure = await failure { () async throws(AddFailure) in
            try await stream.add(contentsOf: (0..<1000).lazy.map { $0 == 120 ? [:] : ["n": $0] })
        }
        let told = try #require(failure)
        #expect(told.failure?.kind == .other && told.failure?.command == "XADD" && told.uncertain == 0)
        #expect(told.outcomes[120] == .notAdded && told.outcomes.prefix(120).allSatisfy { $0 != .notAdded })
        // Not all thousand were made and sent.
        #expect(told.outcomes.count < 1000)
        #expect(try await stream[...].entries().map(\.id) == told.added)
        #expect(told.description.hasPrefix("\(told.added.count) entries were added: XADD: "))
        await live.redis.close()
    }

    @Test func `a connection that is lost: what is uncertain is told`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let probe = try live.server.probe()
        let failure = await failure { () async throws(AddFailure) in
            // The server stands still when the first hundreds are in, and goes away with the rest.
            try await stream.add(
                contentsOf: (0..<1000).lazy.map { number in
                    if number == 350 {
                        _ = try? probe.command("CLIENT", "PAUSE", "60000", "WRITE")
                        _ = try? probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    }
                    return ["n": number]
                })
        }
        let told = try #require(failure)
        #expect(told.failure?.isTransient == true && told.uncertain > 0)
        try probe.command("CLIENT", "UNPAUSE")
        let there = try await stream[...].entries().map(\.id)
        #expect(Set(told.added).isSubset(of: there) && there.count <= told.added.count + told.uncertain)
        await live.redis.close()
    }

    @Test func `a task that is cancelled: nothing is sent after it, and what was added is told`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let task = Task { () async -> AddFailure? in
            await failure { () async throws(AddFailure) in
                try await stream.add(
                    contentsOf: (0..<100_000).lazy.map { number in
                        if number == 450 { withUnsafeCurrentTask { $0?.cancel() } }
                        return ["n": number]
                    })
            }
        }
        let told = try #require(await task.value)
        #expect(told.failure?.kind == .cancelled && told.uncertain == 0)
        #expect(told.added.count == 400 && told.outcomes.count > 400 && told.outcomes.count <= 500)
        #expect(try await stream[...].entries().map(\.id) == told.added)
        await live.redis.close()
    }

    @Test func `entries of an async sequence are added as they come`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let (entries, continuation) = AsyncStream.makeStream(of: EntryFields.self)
        async let ids = stream.add(contentsOf: entries)
        // Each is there before the next comes: none is held back.
        for number in 0..<5 {
            continuation.yield(["n": number])
            try await live.eventually("entry \(number)") { try $0.command("XLEN", "s") == .integer(Int64(number + 1)) }
        }
        for number in 5..<1000 { continuation.yield(["n": number]) }
        continuation.finish()
        #expect(try await ids.count == 1000)
        #expect(try await numbers(stream) == Array(0..<1000))
        await live.redis.close()
    }

    @Test func `an async sequence that throws: its error, and what was added`() async throws {
        struct Empty: Error {}
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let (entries, continuation) = AsyncThrowingStream.makeStream(of: EntryFields.self)
        for number in 0..<150 { continuation.yield(["n": number]) }
        continuation.finish(throwing: Empty())
        let told = try #require(
            await failure { () async throws(AddFailure) in try await stream.add(contentsOf: entries) })
        #expect(told.cause is Empty && told.failure == nil && told.added.count == 150)
        #expect(try await numbers(stream) == Array(0..<150))
        await live.redis.close()
    }

    @Test func `an async sequence whose task is cancelled`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let (entries, continuation) = AsyncStream.makeStream(of: EntryFields.self)
        let task = Task { () async -> AddFailure? in
            await failure { () async throws(AddFailure) in try await stream.add(contentsOf: entries) }
        }
        continuation.yield(["n": 0])
        try await live.eventually("an entry") { try $0.command("XLEN", "s") == 1 }
        task.cancel()
        let told = try #require(await task.value)
        #expect(told.failure?.kind == .cancelled && told.added.count == 1)
        await live.redis.close()
    }

    /// Entries n = 0, 1, …, as many as are asked for, whether the task is cancelled or not.
    private struct Numbers: AsyncSequence {
        let count: Int
        /// Called before the entry is handed out.
        var onEntry: @Sendable (Int) throws -> EntryFields = { ["n": $0] }

        func makeAsyncIterator() -> Iterator { Iterator(numbers: self) }

        struct Iterator: AsyncIteratorProtocol {
            let numbers: Numbers
            var next = 0

            mutating func next() async throws -> EntryFields? {
                guard next < numbers.count else { return nil }
                defer { next += 1 }
                return try numbers.onEntry(next)
            }
        }
    }

    @Test func `an async sequence without entries adds nothing`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        #expect(try await stream.add(contentsOf: Numbers(count: 0)) == [])
        #expect(try await stream.exists == false)
        await live.redis.close()
    }

    @Test func `an entry of an async sequence that is refused: the others are told, and it is not read to its end`()
        async throws
    {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let failure = await failure { () async throws(AddFailure) in
            try await stream.add(contentsOf: Numbers(count: 100_000) { $0 == 120 ? [:] : ["n": $0] })
        }
        let told = try #require(failure)
        #expect(told.failure?.kind == .other && told.uncertain == 0 && told.outcomes[120] == .notAdded)
        #expect(told.outcomes.count < 1000)
        #expect(try await stream[...].entries().map(\.id) == told.added)
        await live.redis.close()
    }

    @Test func `an async sequence that takes no note of a cancellation is left`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let numbers = Numbers(count: 100_000) { number in
            if number == 450 { withUnsafeCurrentTask { $0?.cancel() } }
            return ["n": number]
        }
        let task = Task { () async -> AddFailure? in
            await failure { () async throws(AddFailure) in try await stream.add(contentsOf: numbers) }
        }
        let told = try #require(await task.value)
        #expect(told.failure?.kind == .cancelled && told.uncertain == 0 && told.outcomes.count == 451)
        #expect(told.outcomes.last == .notAdded)
        #expect(try await stream[...].entries().map(\.id) == told.added)
        await live.redis.close()
    }

    @Test func `a sequence that throws when an entry was refused, too: its error`() async throws {
        struct Empty: Error {}
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("s")
        let failure = await failure { () async throws(AddFailure) in
            try await stream.add(
                contentsOf: Numbers(count: 3) { number in
                    if number == 2 { throw Empty() }
                    return number == 0 ? ["n": 0] : [:]
                })
        }
        let told = try #require(failure)
        #expect(told.cause is Empty && told.outcomes.count == 2 && told.outcomes[1] == .notAdded)
        #expect(try await stream[...].entries().map(\.id) == told.added)
        await live.redis.close()
    }
}
