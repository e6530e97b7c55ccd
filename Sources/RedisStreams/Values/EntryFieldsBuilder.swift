internal import FootbridgeRESP

/// Names and values one after the other in one buffer: three allocations for an entry, not two for each field.
struct EntryFieldsBuilder {
    private var builder: RESPStrings.Builder

    /// - Parameter count: of the pairs, about.
    init(count: Int) { builder = RESPStrings.Builder(count: 2 * count) }

    mutating func append(_ value: some RedisArgument) {
        value.appendBytes(to: &builder.bytes)
        builder.endString()
    }

    mutating func append(_ write: (inout [UInt8]) -> Void) {
        write(&builder.bytes)
        builder.endString()
    }

    var strings: RESPStrings { builder.strings }
}
