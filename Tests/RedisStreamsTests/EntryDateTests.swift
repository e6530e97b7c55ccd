import Foundation
import Testing

@testable import RedisStreams

struct EntryDateTests {
    @Test func `every millisecond of a second goes there and back`() {
        for second in [0.0, 1_514_764_800, 1_782_921_600, 4_102_444_800, 253_402_300_799] {
            for millisecond in 0..<1000 {
                let date = Date(timeIntervalSince1970: second + Double(millisecond) / 1000)
                let expected = UInt64(second) * 1000 + UInt64(millisecond)
                #expect(EntryID(date).milliseconds == expected)
                #expect(EntryID(EntryID(milliseconds: expected).date).milliseconds == expected)
            }
        }
    }

    @Test func `what is finer is cut off`() {
        #expect(
            EntryID(Date(timeIntervalSince1970: 1.999_999), sequence: 5) == EntryID(milliseconds: 1999, sequence: 5))
        #expect(EntryID(Date(timeIntervalSince1970: 1.0005)).milliseconds == 1000)
    }

    @Test func `what an id cannot say becomes what it can`() {
        #expect(EntryID(Date(timeIntervalSince1970: -1)) == .zero)
        #expect(EntryID(Date(timeIntervalSince1970: -.infinity)) == .zero)
        #expect(EntryID(Date(timeIntervalSince1970: .nan)) == .zero)
        #expect(EntryID(Date(timeIntervalSince1970: .infinity)).milliseconds == .max)
        #expect(EntryID(Date.distantFuture).date == .distantFuture)
    }

    @Test func `since a date is behind all before it`() {
        #expect(StreamPosition.since(Date(timeIntervalSince1970: 1)) == .after("999-18446744073709551615"))
        #expect(StreamPosition.since(Date(timeIntervalSince1970: 0)) == .beginning)
    }
}
