import FoundationEssentials
import Testing

@testable import RedisStreams

/// Input that Redis or Swift would take for something else.
struct BoundsTests {
    /// To XREAD and XREADGROUP, COUNT 0 and below mean all there are.
    @Test(arguments: [0, -1, Int.min]) func `a count below one is never sent`(count: Int) {
        #expect(
            StreamCommand.read([("s", .beginning)], count: count).text
                == sent("XREAD", "COUNT", "1", "STREAMS", "s", "0"))
        #expect(
            StreamCommand.readGroup("g", consumer: "c", streams: ["s"], count: count).text
                == sent("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">"))
        #expect(
            StreamCommand.readGroup("g", consumer: "c", stream: "s", count: count, block: .milliseconds(1)).text
                == sent("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "BLOCK", "1", "STREAMS", "s", ">"))
        #expect(
            StreamCommand.readPending("g", consumer: "c", positions: [("s", .zero)], count: count).text
                == sent("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", "0-0"))
    }

    @Test func `a duration too long for milliseconds is no trap`() {
        let longest = Duration(secondsComponent: Int64.max / 1000, attosecondsComponent: 900_000_000_000_000_000)
        for time in [longest, .seconds(Int64.max), .seconds(1 << 52), .seconds(Int64.max) * 2] {
            #expect(time.milliseconds == .max / 2)
        }
        #expect(Duration.seconds((1 << 52) - 1).milliseconds == ((1 << 52) - 1) * 1000)
        for time in [Duration.zero - longest, .seconds(Int64.min), .milliseconds(-1), .seconds(Int64.min) * 2] {
            #expect(time.milliseconds == 0)
        }
    }

    @Test func `a range upside down is no trap`() {
        let (low, high) = (EntryID(milliseconds: 1), EntryID(milliseconds: 2))
        #expect((high...low).interval == EntryInterval(from: .included(high), to: .included(low)))
        #expect((high..<low).interval == EntryInterval(from: .included(high), to: .excluded(low)))
        let (early, late) = (Date(timeIntervalSince1970: 1), Date(timeIntervalSince1970: 2))
        #expect(
            (late...early).interval
                == EntryInterval(from: .included(EntryID(late)), to: .included(EntryID(early, sequence: .max))))
    }

    @Test func `ranges of Swift's own select what the operators do`() {
        let (low, high) = (EntryID(milliseconds: 1), EntryID(milliseconds: 2))
        #expect(
            Range(uncheckedBounds: (low, high)).interval == EntryInterval(from: .included(low), to: .excluded(high)))
        #expect(
            ClosedRange(uncheckedBounds: (low, high)).interval
                == EntryInterval(from: .included(low), to: .included(high)))
        let (early, late) = (Date(timeIntervalSince1970: 1), Date(timeIntervalSince1970: 2))
        #expect(Range(uncheckedBounds: (early, late)).interval == (early..<late).interval)
        #expect(ClosedRange(uncheckedBounds: (early, late)).interval == (early...late).interval)
    }

    @Test func `nothing is behind the highest id, or before the lowest`() {
        #expect(EntryInterval.after(EntryID.maximum).isEmpty)
        #expect(EntryInterval(to: .excluded(.zero)).isEmpty)
        #expect(!EntryInterval.all.isEmpty)
        #expect(!EntryInterval(from: .included(.maximum)).isEmpty)
    }

    @Test func `fields of a large reply are copied out of it, those of a small one are not`() throws {
        func entries(_ size: Int) throws -> [StreamEntry] {
            let rows = array(row("1-0", "a", "x"), row("2-0", "large", String(repeating: "y", count: size)))
            return try StreamCommand.range("s").answer(rows).get()
        }
        let small = try entries(1000)[0].fields
        #expect(small.compacted().bufferBytes == small.bufferBytes)
        let large = try entries(1 << 20)
        #expect(large[0].fields.bufferBytes >= 1 << 20)
        #expect(large[0].fields.compacted().bufferBytes < 100)
        #expect(large[0].fields.compacted() == ["a": "x"])
        // Most of its reply is its own.
        #expect(large[1].fields.compacted(slack: 1 << 20).bufferBytes == large[1].fields.bufferBytes)
    }
}
