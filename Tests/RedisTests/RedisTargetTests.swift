import FootbridgeCurl
import Testing

@testable import FootbridgeRedis

struct RedisTargetTests {
    @Test func `a URL says where to connect, how, and as whom`() throws {
        let target = RedisTarget(
            try RedisURL(
                "rediss://app:p%40ss@[::1]:6380/3?ca=/ca.crt&cert=/c.crt&key=/c.key&server_name=redis.example"),
            defaultClientName: "footbridge")
        #expect(
            target.socket
                == SocketTarget(
                    address: .tcp(host: "::1", port: 6380),
                    tls: .init(certificateAuthorityFile: "/ca.crt", certificateFile: "/c.crt", keyFile: "/c.key"),
                    serverName: "redis.example"))
        #expect(target.handshake.user == "app")
        #expect(target.handshake.password == "p@ss")
        #expect(target.handshake.database == 3)
        #expect(target.handshake.clientName == "footbridge")
    }

    @Test func `a plain URL has no TLS, a unix URL a path, and the URL's own name goes first`() throws {
        let plain = RedisTarget(try RedisURL("redis://localhost?name=mine"), defaultClientName: "footbridge")
        #expect(plain.socket == SocketTarget(address: .tcp(host: "localhost", port: 6379)))
        #expect(plain.handshake.clientName == "mine")
        #expect(plain.handshake.password == nil && plain.handshake.database == 0)
        let unix = RedisTarget(try RedisURL("unix:///run/redis.sock?db=1"))
        #expect(unix.socket == SocketTarget(address: .unix(path: "/run/redis.sock")))
        #expect(unix.handshake.clientName == nil && unix.handshake.database == 1)
    }

    @Test func `insecure and nothing else is passed on`() throws {
        let target = RedisTarget(try RedisURL("rediss://h?insecure=true"))
        #expect(target.socket.tls == .init(isInsecure: true))
    }
}
