package import FootbridgeRESP

/// What Redis does with keys of any kind.
extension StreamCommand where Reply == String {
    /// `TYPE key` → `stream`, `none`, or what else is there.
    package static func type(of key: some RESPArgument) -> StreamCommand {
        StreamCommand(["TYPE", key], isReadOnly: true) { $0.text }
    }
}

extension StreamCommand where Reply == Bool {
    /// `PEXPIRE key ms` → whether the key is there.
    package static func expire(_ key: some RESPArgument, after time: Duration) -> StreamCommand {
        StreamCommand(["PEXPIRE", key, time.milliseconds], decode: truth)
    }

    /// `PEXPIREAT key ms` → whether the key is there.
    package static func expire(_ key: some RESPArgument, atMilliseconds time: UInt64) -> StreamCommand {
        StreamCommand(["PEXPIREAT", key, Int64(clamping: time)], decode: truth)
    }

    /// `PERSIST key` → whether the key had a time to live.
    package static func persist(_ key: some RESPArgument) -> StreamCommand {
        StreamCommand(["PERSIST", key], decode: truth)
    }

    /// `UNLINK key` → whether the key was there. The server frees its memory in the background.
    package static func remove(_ key: some RESPArgument) -> StreamCommand {
        StreamCommand(["UNLINK", key], decode: truth)
    }
}

extension StreamCommand where Reply == Duration? {
    /// `PTTL key` → milliseconds; -1 without a time to live, -2 without a key.
    package static func timeToLive(of key: some RESPArgument) -> StreamCommand {
        StreamCommand(["PTTL", key], isReadOnly: true) { reply in
            reply.integer.map { $0 < 0 ? nil : .milliseconds($0) }
        }
    }
}

extension StreamCommand where Reply == ServerIdentity? {
    /// `INFO server`; `nil` if the server tells neither name nor version.
    static var serverIdentity: StreamCommand {
        StreamCommand(["INFO", "server"], isReadOnly: true) { reply in
            reply.text.map { ServerIdentity(info: $0) }
        }
    }
}
