import Testing

@testable import RedisStreams
@testable import footbridge

struct ProgressSampleTests {
    private func sample(lag: Int?, pending: Int = 3) -> ProgressSample {
        let group = GroupInfo(
            name: "billing", consumerCount: 1, pendingCount: pending, lastDelivered: EntryID(milliseconds: 5), lag: lag,
            entriesRead: nil)
        return ProgressSample(
            milliseconds: 1_767_312_000_000,
            rows: [
                ProgressSample.Row(stream: "orders", group: group), ProgressSample.Row(stream: "refunds", group: nil),
            ])
    }

    @Test func `the rate is the change of the lag per second`() {
        let rates = sample(lag: 12).with(ratesSince: sample(lag: 20), after: .seconds(2)).rows.map(\.lagRate)
        #expect(rates == [-4, nil])
        #expect(
            sample(lag: 12).with(ratesSince: sample(lag: nil), after: .seconds(2)).rows.map(\.lagRate) == [nil, nil])
        #expect(sample(lag: 12).with(ratesSince: nil, after: nil) == sample(lag: 12))
    }

    @Test func `it is a table, lines, or JSON`() {
        let sample = sample(lag: 12).with(ratesSince: sample(lag: 20), after: .seconds(2))
        #expect(
            sample.table(width: nil) == """
                STREAM   LAST DELIVERED                      TIME  PENDING  LAG  LAG PER SECOND
                orders              5-0  1970-01-01T00:00:00.005Z        3   12              -4
                refunds               -                         -        ?    ?               ?
                """)
        #expect(
            sample.rows.map { sample.line($0) } == [
                "2026-01-02T00:00:00.000Z  orders  last delivered 5-0  pending 3  lag 12 (-4/s)",
                "2026-01-02T00:00:00.000Z  refunds  no such group",
            ])
        #expect(
            sample.rows.map { String(decoding: sample.json($0), as: UTF8.self) } == [
                #"{"time":"2026-01-02T00:00:00.000Z","stream":"orders","last_delivered":"5-0","#
                    + #""last_delivered_time":"1970-01-01T00:00:00.005Z","pending":3,"lag":12,"lag_per_second":-4.0}"#,
                #"{"time":"2026-01-02T00:00:00.000Z","stream":"refunds"}"#,
            ])
    }
}
