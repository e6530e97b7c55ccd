import Glibc
import Synchronization

/// A synchronous Redis client for setting up a test and looking at what it left; independent of the code under test.
public final class RedisProbe: Sendable {
    struct Connection {
        let socket: StreamSocket
        var unread: [UInt8] = []
        var position = 0
    }

    private let connection: Mutex<Connection>

    /// - Parameter timeout: For each send and each receive.
    public convenience init(port: UInt16, password: String? = nil, timeout: Duration = .patience) throws {
        try self.init(socket: .connected(port: port), password: password, timeout: timeout)
    }

    /// - Parameter timeout: For each send and each receive.
    public convenience init(unixSocket path: String, password: String? = nil, timeout: Duration = .patience) throws {
        try self.init(socket: .connected(path: path), password: password, timeout: timeout)
    }

    private init(socket: StreamSocket, password: String?, timeout: Duration) throws {
        socket.limit(timeout)
        connection = Mutex(Connection(socket: socket))
        if let password {
            let reply = try command("AUTH", password)
            guard reply == .simple("OK") else { throw TestSupportError("AUTH: \(reply)") }
        }
    }

    /// Sends one command and reads its reply. An error reply is a value.
    ///
    /// - Throws: if the connection failed, or no reply came in time.
    @discardableResult
    public func command(_ words: String...) throws -> RedisReply { try command(words.map { Array($0.utf8) }) }

    /// Sends one command whose words may be any bytes and reads its reply.
    @discardableResult
    public func command(_ words: [[UInt8]]) throws -> RedisReply { try pipeline([words])[0] }

    /// Waits for what comes without being asked for: a message of a channel that was subscribed to.
    public func receive() throws -> RedisReply { try connection.withLock { try $0.readReply() } }

    /// Sends all commands, then reads their replies.
    public func pipeline(_ commands: [[[UInt8]]]) throws -> [RedisReply] {
        var bytes: [UInt8] = []
        for words in commands {
            bytes += "*\(words.count)\r\n".utf8
            for word in words {
                bytes += "$\(word.count)\r\n".utf8
                bytes += word
                bytes += "\r\n".utf8
            }
        }
        return try connection.withLock { connection in
            try connection.socket.sendAll(bytes)
            return try commands.map { _ in try connection.readReply() }
        }
    }
}

extension RedisProbe.Connection {
    mutating func readReply() throws -> RedisReply {
        let line = try readLine()
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .simple(text)
        case UInt8(ascii: "-"): return .error(text)
        case UInt8(ascii: ":"): return .integer(Int64(try number(text)))
        case UInt8(ascii: "$"):
            let count = try number(text)
            guard count >= 0 else { return .null }
            let bytes = try read(count)
            _ = try read(2)
            return .bulk(bytes)
        case UInt8(ascii: "*"):
            let count = try number(text)
            guard count >= 0 else { return .null }
            return .array(try (0..<count).map { _ in try readReply() })
        default:
            throw TestSupportError("not a RESP2 reply: \(String(decoding: line, as: UTF8.self))")
        }
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw TestSupportError("not a number in a reply: \(text)") }
        return number
    }

    private mutating func readLine() throws -> [UInt8] {
        var searched = position
        while true {
            if let end = unread[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return Array(unread[position..<end - 1])
            }
            searched = unread.count
            let before = position
            try receiveMore()
            searched -= before - position
        }
    }

    private mutating func read(_ count: Int) throws -> [UInt8] {
        while unread.count - position < count { try receiveMore() }
        defer { position += count }
        return Array(unread[position..<position + count])
    }

    /// Drops what was read and appends what comes.
    private mutating func receiveMore() throws {
        unread.removeFirst(position)
        position = 0
        let bytes = try socket.receive()
        guard !bytes.isEmpty else { throw TestSupportError("Redis closed the connection") }
        unread += bytes
    }
}
