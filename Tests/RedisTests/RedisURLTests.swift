import Testing

@testable import FootbridgeRedis

struct RedisURLTests {
    private static let local = RedisURL.Endpoint.tcp(host: "localhost", port: 6379)

    @Test(
        arguments: [
            ("redis://localhost", RedisURL(endpoint: local)),
            ("redis://localhost/", RedisURL(endpoint: local)),
            ("redis://localhost:/?", RedisURL(endpoint: local)),
            ("REDIS://localhost:6380/2", RedisURL(endpoint: .tcp(host: "localhost", port: 6380), database: 2)),
            ("redis://localhost?db=3", RedisURL(endpoint: local, database: 3)),
            ("redis://localhost/3?db=3&name=web-1", RedisURL(endpoint: local, database: 3, clientName: "web-1")),
            ("redis://:secret@localhost", RedisURL(endpoint: local, password: "secret")),
            ("redis://bob@localhost", RedisURL(endpoint: local, user: "bob")),
            ("redis://bob:s:e%40c%2Fr@localhost", RedisURL(endpoint: local, user: "bob", password: "s:e@c/r")),
            ("redis://bob:p@ss@localhost", RedisURL(endpoint: local, user: "bob", password: "p@ss")),
            ("redis://b%C3%B6b:%25@localhost", RedisURL(endpoint: local, user: "böb", password: "%")),
            ("redis://@localhost", RedisURL(endpoint: local)),
            ("redis://[::1]", RedisURL(endpoint: .tcp(host: "::1", port: 6379))),
            (
                "redis://u:p@[2001:db8::7]:7000/1",
                RedisURL(endpoint: .tcp(host: "2001:db8::7", port: 7000), user: "u", password: "p", database: 1)
            ),
            ("redis://redis_1.my-net:65535", RedisURL(endpoint: .tcp(host: "redis_1.my-net", port: 65535))),
            ("rediss://localhost", RedisURL(endpoint: local, tls: RedisURL.TLSOptions())),
            ("rediss://localhost?insecure=false", RedisURL(endpoint: local, tls: RedisURL.TLSOptions())),
            (
                "rediss://localhost/1?ca=/etc/my%20ca.pem&cert=/c.pem&key=/k.pem&insecure=true&server_name=redis.test&name=a",
                RedisURL(
                    endpoint: local,
                    tls: RedisURL.TLSOptions(
                        ca: "/etc/my ca.pem",
                        cert: "/c.pem",
                        key: "/k.pem",
                        insecure: true,
                        serverName: "redis.test"
                    ),
                    database: 1,
                    clientName: "a"
                )
            ),
            ("unix:///run/redis.sock", RedisURL(endpoint: .unix(path: "/run/redis.sock"))),
            (
                "unix:///run/my%3Fredis@1.sock?db=4",
                RedisURL(endpoint: .unix(path: "/run/my?redis@1.sock"), database: 4)
            ),
            (
                "unix://bob:pw@/run/redis.sock?name=x",
                RedisURL(endpoint: .unix(path: "/run/redis.sock"), user: "bob", password: "pw", clientName: "x")
            ),
            ("unix://:pw@/s", RedisURL(endpoint: .unix(path: "/s"), password: "pw")),
        ] as [(String, RedisURL)])
    func `a URL says where Redis is`(text: String, url: RedisURL) throws {
        #expect(try RedisURL(text) == url)
    }

    @Test(arguments: [
        ("", "the URL has no scheme; write redis://host:6379, rediss://host:6379 or unix:///path"),
        ("redis:/localhost", #"two slashes belong after "redis:"; write redis://host:6379"#),
        ("REDISS:host:6379", #"two slashes belong after "rediss:"; write rediss://host:6379"#),
        ("unix:/run/redis.sock", #"two slashes belong after "unix:"; write unix:///path"#),
        ("redis:6379", "the URL has no scheme; write redis://host:6379, rediss://host:6379 or unix:///path"),
        ("localhost:6379", "the URL has no scheme; write redis://host:6379, rediss://host:6379 or unix:///path"),
        ("http://localhost", #"unknown scheme "http"; use redis://, rediss:// or unix://"#),
        ("redis://", "the URL has no host; write redis://localhost:6379"),
        ("redis://:6379", "the URL has no host; write redis://localhost:6379"),
        ("redis:///0", "the URL has no host; write redis://localhost:6379"),
        ("redis://h:99999", "port 99999 is above 65535"),
        ("redis://h:99999999999999999999", "port 99999999999999999999 is above 65535"),
        ("redis://h:0", "port 0 cannot be connected to; Redis listens at 6379"),
        ("redis://h:x", "the port is not a number; write host:6379"),
        ("redis://h:-1", "the port is not a number; write host:6379"),
        ("redis://::1", "an IPv6 address stands in brackets: [::1]:6379"),
        ("redis://[::1", "the address lacks its closing bracket; write [::1]"),
        ("redis://[::1]6379", #"after the address's "]" only a port can stand: [::1]:6379"#),
        ("redis://[10.0.0.1]", "only IPv6 addresses stand in brackets"),
        ("redis://a,b", "the host is neither a name nor an address; an IPv6 address stands in brackets"),
        ("redis://[::g]", "the host is neither a name nor an address; an IPv6 address stands in brackets"),
        ("redis://h/x", #"database "x" is not a number"#),
        ("redis://h/-1", #"database "-1" is not a number"#),
        ("redis://h/0/1", #"database "0/1" is not a number"#),
        ("redis://h?db=x", #"database "x" is not a number"#),
        ("redis://h/9999999999", "database 9999999999 is above 2147483647"),
        ("redis://h/1?db=2", "two databases, /1 and db=2; leave one out"),
        ("redis://h?cafile=/x", #"unknown option "cafile"; did you mean "ca"?"#),
        ("redis://h?nme=x", #"unknown option "nme"; did you mean "name"?"#),
        ("redis://h?insecur=x", #"unknown option "insecur"; did you mean "insecure"?"#),
        ("redis://h?timeout=1", #"unknown option "timeout"; there are ca, cert, key, insecure, server_name, name, db"#),
        ("redis://h?name", #"option "name" has no value; write name=…"#),
        ("redis://h?name=a&name=b", #"option "name" stands twice"#),
        ("redis://h?name=a%20b", #"option "name" takes printable ASCII characters without spaces"#),
        ("redis://h?ca=/x", #"option "ca" is for TLS; use rediss://"#),
        ("redis://h?insecure=true", #"option "insecure" is for TLS; use rediss://"#),
        ("unix:///s?cert=/x", #"option "cert" is for TLS, which a unix socket has not; use rediss:// or leave it out"#),
        ("rediss://h?insecure=yes", #"insecure "yes" is neither true nor false"#),
        ("rediss://h?key=/k", #"option "key" needs "cert" beside it"#),
        ("unix://run/redis.sock", "a unix socket needs an absolute path: unix:///run/redis.sock"),
        ("unix:///", "a unix socket needs an absolute path: unix:///run/redis.sock"),
        ("unix:///" + String(repeating: "a", count: 107), "the socket's path has 108 bytes; the system allows 107"),
        ("unix:///a%00b", "the path is not text in UTF-8"),
        ("redis://h\n", "a URL cannot hold spaces or control characters; write a space as %20"),
    ])
    func `an error says what is wrong and what would be right`(text: String, description: String) {
        #expect(throws: RedisURLError(description)) { try RedisURL(text) }
    }

    @Test(arguments: [
        "redis://:hunter/2@h", "redis://:hunter?2@h", "redis://:hunter#2@h", "redis://:hunter%2@h",
        "redis://:hunter%ff@h",
        "redis://:hunter 2@h", "redis://u:hunter", "redis://u:1234?hunter=x@h", "redis://u:1234/hunter@h",
        "unix://:hunter/2@/s", "unix://:hunter",
    ])
    func `an error never shows a password`(text: String) throws {
        let error = try #require(throws: RedisURLError.self) { try RedisURL(text) }
        #expect(!error.description.contains("hunter"))
    }

    @Test(arguments: [
        ("redis://user:hunter2@host/0", "redis://user:***@host:6379/0"),
        ("redis://:hunter2@[::1]:7000/2?name=x", "redis://:***@[::1]:7000/2"),
        ("rediss://user@host?ca=/x", "rediss://user@host:6379/0"),
        ("redis://host", "redis://host:6379/0"),
        ("unix://u:hunter2@/run/s?db=1", "unix://u:***@/run/s?db=1"),
    ])
    func `the description is fit for a log`(text: String, description: String) throws {
        let url = try RedisURL(text)
        #expect(url.description == description)
        #expect(!String(reflecting: [url]).contains("hunter2"))
    }
}
