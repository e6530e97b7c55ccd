import FootbridgeCurl
import FootbridgeRedis

extension RedisTarget {
    /// A server of a test, without a password.
    static func loopback(_ port: UInt16) -> RedisTarget {
        RedisTarget(socket: SocketTarget(address: .tcp(host: "127.0.0.1", port: port)), handshake: RedisHandshake())
    }
}

extension RedisError {
    /// What is told of a server of a test that answers the greeting with this, where no credentials are given.
    static func refused(_ words: String, by port: UInt16) -> RedisError {
        .refused(ServerError(words.utf8), Login(address: .tcp(host: "127.0.0.1", port: port), user: nil))
    }

    /// What is told of a server of a test that has closed the connection.
    static func hungUp(_ port: UInt16) -> RedisError {
        .connection(TransportFailure(kind: .disconnected, message: "127.0.0.1:\(port) closed the connection"))
    }
}
