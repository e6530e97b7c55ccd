import RedisStreams
import Testing

@testable import Footbridge

struct FieldSelectionTests {
    private let entry: EntryFields = ["id": "7", "tag": "a", "total": "12.50", "tag": "b"]

    private func pick(_ names: KeyValuePairs<String, String>) -> FieldSelection {
        .some(names.map { .init(name: $0, field: $1) })
    }

    @Test func `all fields stay as they are`() {
        #expect(FieldSelection.all.applied(to: entry) == entry)
    }

    @Test func `some come in the order and under the names that are asked for, repeated ones with all values`() {
        let expected: EntryFields = ["amount": "12.50", "tag": "a", "tag": "b", "number": "7"]
        #expect(pick(["amount": "total", "tag": "tag", "number": "id"]).applied(to: entry) == expected)
    }

    @Test func `what is not there is left out`() {
        #expect(pick(["a": "total", "b": "totals"]).applied(to: entry) == ["a": "12.50"])
        #expect(pick(["b": "totals"]).applied(to: entry).isEmpty)
    }
}
