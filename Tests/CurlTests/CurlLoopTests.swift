import LoopTestSupport
import Synchronization
import TestSupport
import Testing

@testable import FootbridgeCurl

/// What happened, in its order; for one loop's thread.
private final class Notes {
    private(set) var all: [String] = []
    func add(_ note: String) { all.append(note) }
}

/// A participant that notes each of its turns.
private final class Participant: TurnParticipant {
    var isAwaitingEndOfTurn = false
    var onEndTurn: () -> Void = {}
    func endTurn() { onEndTurn() }
}

@Suite(.onEveryPoller, .timeLimit(.minutes(1))) struct CurlLoopTests {
    @Test func `what threads post runs on the loop, that of each thread in its order`() async throws {
        let loop = try CurlLoop()
        let received = Monitor<[Int: [Int]]>([:])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    try await onThread {
                        for number in 0..<1000 {
                            loop.post {
                                received.withLock { $0[thread, default: []].append(loop.isCurrent ? number : -1) }
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        await loop.stop()
        #expect(received.value == [Int: [Int]](uniqueKeysWithValues: (0..<4).map { ($0, Array(0..<1000)) }))
    }

    @Test func `a post wakes a loop that waits`() async throws {
        let loop = try CurlLoop()
        for _ in 0..<200 {
            let ran = Gate()
            loop.post { ran.open() }
            let hasRun = try await onThread { ran.wait(timeout: .seconds(10)) }
            try #require(hasRun)
        }
        await loop.stop()
    }

    @Test func `timers run in the order of their times, and a cancelled one does not`() async throws {
        let notes = try await onLoop { actor in
            let notes = Notes()
            return try await callback { (done: @escaping ([String]) -> Void) in
                for wait in [30, 10, 20, 0, 5] {
                    actor.loop.schedule(after: .milliseconds(wait)) { notes.add("\(wait)") }
                }
                let cancelled = actor.loop.schedule(after: .milliseconds(15)) { notes.add("cancelled") }
                actor.loop.cancel(cancelled)
                actor.loop.schedule(after: .milliseconds(40)) { done(notes.all) }
            }
        }
        #expect(notes == ["0", "5", "10", "20", "30"])
    }

    @Test func `a timer may add and cancel timers, itself and those that are due with it`() async throws {
        let notes = try await onLoop { actor in
            let notes = Notes()
            let loop = actor.loop
            return try await callback { (done: @escaping ([String]) -> Void) in
                var other: LoopTimer?
                var own: LoopTimer?
                own = loop.schedule(after: .zero) {
                    notes.add("first")
                    if let other { loop.cancel(other) }
                    if let own { loop.cancel(own) }
                    loop.schedule(after: .zero) {
                        notes.add("added")
                        loop.schedule(after: .zero) { done(notes.all) }
                    }
                }
                other = loop.schedule(after: .zero) { notes.add("cancelled by the first") }
                if let own, let other { #expect(own != other) }
            }
        }
        #expect(notes == ["first", "added"])
    }

    @Test func `a timer does not run before its time`() async throws {
        let waits = try await onLoop { actor in
            var waits: [Duration] = []
            for wait in [0, 1, 7, 60] {
                let start = MonotonicTime.now
                try await turns(of: actor.loop, for: .milliseconds(wait))
                waits.append(MonotonicTime.now - start - .milliseconds(wait))
            }
            return waits
        }
        #expect(waits.allSatisfy { $0 >= .zero })
    }

    @Test func `a participant's turn comes once, however often it is asked for`() async throws {
        let notes = try await onLoop { actor in
            let notes = Notes()
            let loop = actor.loop
            let participant = Participant()
            return try await callback { (done: @escaping ([String]) -> Void) in
                participant.onEndTurn = { notes.add("end of turn, awaited \(participant.isAwaitingEndOfTurn)") }
                for _ in 0..<3 { loop.atEndOfTurn(participant) }
                notes.add("asked")
                loop.schedule(after: .milliseconds(20)) { done(notes.all) }
            }
        }
        #expect(notes == ["asked", "end of turn, awaited false"])
    }

    @Test func `who asks during the end of a turn has its turn in the same round, after the others`() async throws {
        let notes = try await onLoop { actor in
            let notes = Notes()
            let loop = actor.loop
            let (first, second) = (Participant(), Participant())
            return try await callback { (done: @escaping ([String]) -> Void) in
                var rounds = 0
                first.onEndTurn = {
                    rounds += 1
                    notes.add("first \(rounds)")
                    if rounds == 1 { loop.atEndOfTurn(first) }
                    if rounds == 2 { loop.schedule(after: .zero) { done(notes.all) } }
                }
                second.onEndTurn = { notes.add("second") }
                loop.atEndOfTurn(first)
                loop.atEndOfTurn(second)
            }
        }
        #expect(notes == ["first 1", "second", "first 2"])
    }

    @Test func `the code of an actor runs on its loop, also after it waited elsewhere`() async throws {
        let isolated = try await onLoop { actor in
            var isolated = [actor.loop.isCurrent]
            await Task.yield()
            isolated.append(actor.loop.isCurrent)
            let elsewhere = await Task.detached { [loop = actor.loop] in loop.isCurrent }.value
            isolated.append(actor.loop.isCurrent)
            actor.loop.checkIsolated()
            return isolated + [elsewhere, actor.loop.isIsolatingCurrentContext() == true]
        }
        #expect(isolated == [true, true, true, false, true])
    }

    @Test func `a callback of the loop may assume the isolation of an actor on it`() async throws {
        let entered = try await onLoop { actor in
            try await callback { (done: @escaping (Bool) -> Void) in
                actor.loop.schedule(after: .zero) { done(actor.assumeIsolated { $0.loop.isCurrent }) }
            }
        }
        #expect(entered)
    }

    @Test func `outside the loop nothing is isolated`() async throws {
        let loop = try CurlLoop()
        #expect(!loop.isCurrent)
        #expect(loop.isIsolatingCurrentContext() == false)
        await loop.stop()
    }

    @Test func `stopping lets all queued work run, also what that queues`() async throws {
        let loop = try CurlLoop()
        let count = Atomic(0)
        let isHeld = Gate()
        loop.post { _ = isHeld.wait() }
        for _ in 0..<100 {
            loop.post {
                count.add(1, ordering: .relaxed)
                loop.post { count.add(1, ordering: .relaxed) }
            }
        }
        async let stopped: Void = loop.stop()
        isHeld.open()
        await stopped
        #expect(count.load(ordering: .relaxed) == 200)
    }

    @Test func `stopping twice and at once returns each time`() async throws {
        let loop = try CurlLoop()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { await loop.stop() } }
        }
        await loop.stop()
    }

    @Test func `what is posted after the stop is dropped, and goes with the loop`() async throws {
        final class Token: Sendable {
            let gone: Gate
            init(_ gone: Gate) { self.gone = gone }
            deinit { gone.open() }
        }
        let gone = Gate()
        let ran = Atomic(false)
        do {
            let loop = try CurlLoop()
            loop.post { [loop] in loop.schedule(after: .seconds(3600)) {} }
            await loop.stop()
            loop.post { [token = Token(gone)] in withExtendedLifetime(token) { ran.store(true, ordering: .relaxed) } }
        }
        // The thread lets go of the loop a moment after it has resumed `stop`.
        let isGone = try await onThread { gone.wait(timeout: .seconds(10)) }
        #expect(isGone && !ran.load(ordering: .relaxed))
    }

    @Test func `an actor whose loop has stopped still answers, one call after the other`() async throws {
        let actor = try await onLoop { $0 }
        let isolated = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { await actor.isOnItsLoop() } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(isolated == 100)
    }

    @Test func `loops beside each other have threads of their own`() async throws {
        let (one, other) = (try CurlLoop(name: "one"), try CurlLoop(name: "other"))
        let crossed = await withCheckedContinuation { continuation in
            one.post { continuation.resume(returning: [one.isCurrent, other.isCurrent]) }
        }
        #expect(crossed == [true, false])
        await one.stop()
        await other.stop()
    }
}

extension TestLoop {
    fileprivate func isOnItsLoop() -> Bool { loop.isCurrent }
}
