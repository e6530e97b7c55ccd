/// What redis-server is told, as its configuration file: a command line shows a password to the whole machine.
enum RedisSettings {
    static func text(_ layout: RedisLayout, _ config: EmbeddedConfig) -> String {
        var lines = ["# Written by footbridge at each start."]
        if let listen = config.listen {
            lines += ["bind \(listen.host)", "port \(listen.port)"]
        } else {
            lines.append("port 0")
        }
        if let password = config.password { lines.append("requirepass \(quoted(password))") }
        lines += [
            // Others are let in once it belongs to their group.
            "unixsocket \(quoted(layout.socket))", "unixsocketperm 600",
            // The ledger: every write is in the log within a second, and nothing is ever evicted to make room.
            "dir \(quoted(layout.directory))", "appendonly yes", "appendfsync everysec", "save \"\"",
            "maxmemory 0", "maxmemory-policy noeviction",
            // A log whose end is torn by a crash is cut there and used.
            "aof-load-truncated yes",
            "daemonize no", "supervised no", "loglevel warning", "logfile \(quoted(layout.log))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// As sdssplitargs of Redis reads it: in quotes `\xHH` is any byte.
    private static func quoted(_ text: String) -> String {
        let escaped = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), ..<0x20, 0x7F...:
                "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            default: String(Unicode.Scalar(byte))
            }
        }
        return "\"\(escaped.joined())\""
    }
}
