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
    /// The state directory belongs to another configuration, which is still there.
    case stateOfOther(path: String, configuration: String)
    /// The state directory, which nobody named, belongs to another user.
    case stateOfUser(path: String, user: UInt32)
    /// Others may use the socket, and it has no place that they can reach.
    case noPlaceForSocket
    /// The socket's directory cannot be made, or the socket's rights not be set.
    case unusableSocket(path: String, errno: Int32)
    /// redis-server would remove what is there.
    case notASocket(path: String)
    /// A server that is not ours listens there.
    case socketInUse(path: String, pid: Int32?)
    case noSuchGroup(String)
    /// The socket cannot be given to the group.
    case groupRefused(group: String, errno: Int32)
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
        switch self {
        case .socketPathTooLong, .stateOfOther, .stateOfUser, .noPlaceForSocket, .notASocket, .noSuchGroup,
            .groupRefused:
            EX_CONFIG
        default: EX_UNAVAILABLE
        }
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
            \(UnixAddress.longestPath); give a shorter directory with --state, or the socket a place of its own: \
            redis: { embedded: { socket: /run/shop/redis.sock } }
            """
        case .unusableDirectory(let path, let errno):
            "\"\(path)\": \(Self.text(errno)); give a directory that footbridge may write with --state"
        case .stateInUse(let path, let pid):
            """
            "\(path)" is in use by another footbridge\(Self.text(pid: pid)); \
            stop that one, or give this one a directory of its own with --state
            """
        case .stateOfOther(let path, let configuration):
            """
            "\(path)" holds the state of \(configuration); give this configuration a directory of its own with --state or \
            redis: { embedded: { directory: … } }. If it is to go on with that state instead, remove \(path)/configuration
            """
        case .stateOfUser(let path, let user):
            """
            "\(path)" is this configuration's state and belongs to the user with the id \(user); run it as that user \
            (systemctl start, if it is a service), or give it another directory with --state
            """
        case .noPlaceForSocket:
            """
            redis.embedded: others may use the socket, and nobody else can enter the state directory; give it another place, \
            socket: /run/shop/redis.sock, or run under systemd with RuntimeDirectory=
            """
        case .unusableSocket(let path, let errno):
            """
            "\(path)": \(Self.text(errno)); name a place that footbridge may write with redis.embedded.socket\
            \(errno == EROFS ? " (under systemd below what RuntimeDirectory= names)" : "")
            """
        case .notASocket(let path):
            "\"\(path)\" is there and is no socket; remove it, or name another path with redis.embedded.socket"
        case .socketInUse(let path, let pid):
            """
            another server\(Self.text(pid: pid)) listens on "\(path)"; stop that one, or name another path with \
            redis.embedded.socket
            """
        case .noSuchGroup(let name):
            """
            redis.embedded.socket_group: there is no group \(ConfigText.quoted(name)); make it (groupadd \(name)), or name \
            one that exists
            """
        case .groupRefused(let group, let errno):
            """
            redis.embedded.socket_group: the socket cannot be given to the group \(group): \(Self.text(errno)); make the user \
            that footbridge runs as a member (usermod -aG \(group) USER), or under systemd write Group=\(group)
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
