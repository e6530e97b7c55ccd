internal import FootbridgeRESP

/// Names and values one after the other in one buffer: two allocations for an entry, not two for each field.
struct EntryFieldsBuilder {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(count: Int) {
        bytes.reserveCapacity(32 * count)
        ends.reserveCapacity(2 * count)
    }

    mutating func append(_ value: some RedisArgument) {
        value.appendBytes(to: &bytes)
        ends.append(bytes.count)
    }

    mutating func append(_ write: (inout [UInt8]) -> Void) {
        write(&bytes)
        ends.append(bytes.count)
    }

    var strings: RESPStrings { RESPStrings(bytes, ends: ends) }
}
