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

    private var wide: Records {
        var records = Records(["stream", "id", "consumer", "lag"], left: 4)
        records.add(
            .text("a-rather-long-name"), .id(EntryID("1767312000000-0")), .text("worker-0123456789"), .absent)
        records.add(.text("s"), .id(EntryID("1767312000001-0")), .text("w"), .count(1))
        return records
    }

    /// Times only say what the ids say; ids and numbers are of no use in part.
    @Test(arguments: [
        (
            nil,
            """
            STREAM              ID               TIME                      CONSUMER           LAG
            a-rather-long-name  1767312000000-0  2026-01-02T00:00:00.000Z  worker-0123456789    -
            s                   1767312000001-0  2026-01-02T00:00:00.001Z  w                    1
            """
        ),
        (
            84,
            """
            STREAM              ID               CONSUMER           LAG
            a-rather-long-name  1767312000000-0  worker-0123456789    -
            s                   1767312000001-0  w                    1
            """
        ),
        (
            50,
            """
            STREAM         ID               CONSUMER       LAG
            a-rather-lon…  1767312000000-0  worker-01234…    -
            s              1767312000001-0  w                1
            """
        ),
        (
            20,
            """
            STREAM    ID       …
            a-rathe…  176731200…
            s         176731200…
            """
        ),
    ])
    func `a table is no wider than the terminal`(width: Int?, text: String) {
        #expect(wide.text(width: width) == text)
    }

    @Test func `wide characters take two columns`() {
        var table = TextTable(["NAME", "N"], left: 1)
        table.add(["佐藤", "1"])
        table.add(["abcd", "2"])
        #expect(table.text == "NAME  N\n佐藤  1\nabcd  2")
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
