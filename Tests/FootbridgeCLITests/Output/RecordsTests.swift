import RedisStreams
import Testing

@testable import footbridge

struct RecordsTests {
    private var records: Records {
        var records = Records(["stream", "lag", "last_delivered", "idle", "lag_per_second"], left: 1)
        records.add(
            .text("orders\n"), .count(12), .id(EntryID("1767312000000-0")), .duration(.milliseconds(90_250)),
            .rate(-4.04))
        records.add(.text("r"), .count(nil), .id(nil), .duration(.zero), .rate(nil))
        records.add(.text("s"), .count(0), .id(.zero), .duration(.seconds(1)), .rate(12))
        return records
    }

    @Test func `for people they are a table`() {
        #expect(
            records.text == #"""
                STREAM    LAG   LAST DELIVERED                      TIME   IDLE  LAG PER SECOND
                orders\n   12  1767312000000-0  2026-01-02T00:00:00.000Z  1m30s              -4
                r           ?                -                         -     0s               ?
                s           0              0-0                         -     1s             +12
                """#)
        #expect(Records(["stream"], left: 1).text == "")
    }

    @Test func `for programs a row is an object, without what is unknown`() {
        #expect(
            records.lines.map { String(decoding: $0.bytes, as: UTF8.self) } == [
                #"{"stream":"orders\n","lag":12,"last_delivered":"1767312000000-0","#
                    + #""last_delivered_time":"2026-01-02T00:00:00.000Z","idle_seconds":90.25,"lag_per_second":-4.04}"#,
                #"{"stream":"r","idle_seconds":0.0}"#,
                #"{"stream":"s","lag":0,"last_delivered":"0-0","idle_seconds":1.0,"lag_per_second":12.0}"#,
            ])
    }
}
