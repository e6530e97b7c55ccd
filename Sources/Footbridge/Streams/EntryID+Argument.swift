public import FootbridgeRESP
public import RedisStreams

/// Here ids are arguments of scripts. In `RedisStreams` they are not, lest its users see the protocol.
extension EntryID: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encodeArgument(into: &encoder) }
}
