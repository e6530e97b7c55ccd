import RedisStreams
import Testing

@testable import Footbridge

/// A row of some table, where it does not matter which.
func anyRow() throws -> EntryTable.Row {
    var table = EntryTable(streams: 1)
    let row = table.settle(EntryKey(stream: 0, id: EntryID(milliseconds: 1)), attempts: 0)
    return try #require(row)
}
