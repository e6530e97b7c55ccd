internal import Glibc

/// Why there is no embedded Redis; each says what would be right.
public enum EmbeddedRedisError: Error, Equatable {
    /// No executable `redis-server`. `override` is the value of `FOOTBRIDGE_REDIS_SERVER` if that was asked.
    case serverNotFound(override: String?)
    /// A unix socket's path can have 107 bytes (unix(7)).
    case socketPathTooLong(path: String)
    /// The state directory cannot be made or written.
    case unusableDirectory(path: String, errno: Int32)
    /// Another footbridge holds the state directory.
    case stateInUse(path: String, pid: Int32?)
    /// A redis-server works on the data but has no socket that would accept a connection.
    case dataInUse(path: String, pid: Int32?)
    /// redis-server ended before it answered. `log` is what it said last.
    case ended(how: String, log: String, logPath: String)
    /// redis-server lives, but answers no PING.
    case silent(socket: String, pid: Int32?)
    /// The system refused something that it normally grants.
    case system(call: String, errno: Int32)
    /// `stop()` or a cancellation came first.
    case stopped

    /// The exit code of the process that fails with this error (sysexits.h).
    public var exitCode: Int32 {
        if case .socketPathTooLong = self { EX_CONFIG } else { EX_UNAVAILABLE }
    }
}

extension EmbeddedRedisError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .serverNotFound(nil):
            """
            redis: embedded needs redis-server, and there is none in PATH; \
            install it (apt-get install redis-server) or name it in FOOTBRIDGE_REDIS_SERVER
            """
        case .serverNotFound(let override?):
            """
            FOOTBRIDGE_REDIS_SERVER names "\(override)", which is not an executable file; \
            correct it, or unset it and install redis-server (apt-get install redis-server)
            """
        case .socketPathTooLong(let path):
            """
            "\(path)" has \(path.utf8.count) bytes, and the path of a unix socket can have \
            \(UnixAddress.longestPath); give a shorter directory with --state
            """
        case .unusableDirectory(let path, let errno):
            "\"\(path)\": \(Self.text(errno)); give a directory that footbridge may write with --state"
        case .stateInUse(let path, let pid):
            """
            "\(path)" is in use by another footbridge\(Self.text(pid: pid)); \
            stop that one, or give this one a directory of its own with --state
            """
        case .dataInUse(let path, let pid):
            "a redis-server\(Self.text(pid: pid)) uses \"\(path)\" but its socket accepts nobody; stop it first"
        case .ended(let how, let log, let logPath):
            "redis-server \(how) before it answered\(log.isEmpty ? "" : ": \(log)") (log: \(logPath))"
        case .silent(let socket, let pid):
            "the redis-server\(Self.text(pid: pid)) behind \"\(socket)\" does not answer; stop it first"
        case .system(let call, let errno):
            "\(call): \(Self.text(errno))"
        case .stopped:
            "the embedded redis was stopped before it had started"
        }
    }

    private static func text(_ errno: Int32) -> String { String(cString: strerror(errno)) }

    private static func text(pid: Int32?) -> String { pid.map { " (pid \($0))" } ?? "" }
}
