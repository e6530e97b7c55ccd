import FootbridgeCurl
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeRedis

@Suite(.timeLimit(.minutes(1))) struct RedisHandshakeTests {
    private let full = RedisHandshake(user: "app", password: "s3cret", clientName: "fb", database: 2)
    private static let hello =
        "%3\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"
    /// Redis 7.0.15 and Valkey 8.1.8, outside of a Cluster.
    private static let noCluster = "-ERR This instance has cluster support disabled\r\n"
    private static let master = "*3\r\n$6\r\nmaster\r\n:3129659\r\n*0\r\n"

    /// What the handshake says of a server that expects these commands in turn and gives these replies; afterwards nothing
    /// more may come.
    private func outcome(
        of handshake: RedisHandshake, _ dialogue: [(command: String, reply: String)]
    ) async throws -> RedisError? {
        let (error, failures) = try await RedisTests.dialogue { server in
            for (command, reply) in dialogue {
                try server.expect(command)
                try server.send(reply)
            }
            try server.expectEnd()
        } _: { _, connection in
            let result: Result<Void, RedisError> = try await callback {
                handshake.perform(on: connection, completion: $0)
            }
            if case .failure(let error) = result { return RedisError?.some(error) }
            return nil
        }
        #expect(failures == [])
        return error
    }

    @Test func `HELLO says all at once, then SELECT and ROLE`() async throws {
        #expect(
            try await outcome(
                of: full,
                [
                    (command("HELLO", "3", "AUTH", "app", "s3cret", "SETNAME", "fb"), Self.hello),
                    (command("SELECT", "2"), "+OK\r\n"),
                    (command("ROLE"), Self.master),
                ]) == nil)
    }

    @Test func `what is not set is not said`() async throws {
        #expect(
            try await outcome(
                of: RedisHandshake(), [(command("HELLO", "3"), Self.hello), (command("ROLE"), Self.master)]) == nil)
    }

    /// <https://redis.io/docs/latest/commands/hello/>: AUTH takes two arguments there; `default` is the user without a name.
    @Test func `a password without a user is the default user's`() async throws {
        #expect(
            try await outcome(
                of: RedisHandshake(password: "pw"),
                [(command("HELLO", "3", "AUTH", "default", "pw"), Self.hello), (command("ROLE"), Self.master)]) == nil)
    }

    @Test(arguments: [
        "-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, \r\n",
        "-NOPROTO unsupported protocol version\r\n",
        // Proxies and lookalikes.
        "-ERR unsupported command\r\n", "-ERR command 'HELLO' is not allowed\r\n", "-Unknown\r\n",
        "-ERR syntax error\r\n",
        "-NOPERM this user has no permissions to run the 'hello' command\r\n",
    ])
    func `a server without RESP3 is greeted step by step`(refusal: String) async throws {
        #expect(
            try await outcome(
                of: full,
                [
                    (command("HELLO", "3", "AUTH", "app", "s3cret", "SETNAME", "fb"), refusal),
                    (command("AUTH", "app", "s3cret"), "+OK\r\n"),
                    (command("CLIENT", "SETNAME", "fb"), "+OK\r\n"),
                    (command("CLUSTER", "INFO"), Self.noCluster),
                    (command("SELECT", "2"), "+OK\r\n"),
                    (command("ROLE"), Self.master),
                ]) == nil)
        #expect(
            try await outcome(
                of: RedisHandshake(password: "pw"),
                [
                    (command("HELLO", "3", "AUTH", "default", "pw"), refusal), (command("AUTH", "pw"), "+OK\r\n"),
                    (command("CLUSTER", "INFO"), Self.noCluster), (command("ROLE"), Self.master),
                ]) == nil)
    }

    @Test func `a name that is refused does not matter on an old server`() async throws {
        #expect(
            try await outcome(
                of: RedisHandshake(clientName: "fb"),
                [
                    (command("HELLO", "3", "SETNAME", "fb"), "-ERR unknown command 'HELLO'\r\n"),
                    (command("CLIENT", "SETNAME", "fb"), "-NOPERM no permissions\r\n"),
                    (command("CLUSTER", "INFO"), "-ERR unknown command 'CLUSTER'\r\n"),
                    (command("ROLE"), Self.master),
                ]) == nil)
    }

    @Test func `a wrong password is the end of it`() async throws {
        let text = "WRONGPASS invalid username-password pair or user is disabled."
        let hello = command("HELLO", "3", "AUTH", "app", "s3cret", "SETNAME", "fb")
        #expect(try await outcome(of: full, [(hello, "-\(text)\r\n")]) == .server(ServerError(text.utf8)))
        let old = [
            (hello, "-NOPROTO unsupported protocol version\r\n"), (command("AUTH", "app", "s3cret"), "-\(text)\r\n"),
        ]
        #expect(try await outcome(of: full, old) == .server(ServerError(text.utf8)))
    }

    @Test func `a server that wants a password and got none is told of`() async throws {
        let text = "NOAUTH HELLO must be called with the client already authenticated"
        #expect(
            try await outcome(of: RedisHandshake(), [(command("HELLO", "3"), "-\(text)\r\n")])
                == .server(ServerError(text.utf8)))
    }

    @Test func `a database that does not exist is told of`() async throws {
        #expect(
            try await outcome(
                of: RedisHandshake(database: 99),
                [(command("HELLO", "3"), Self.hello), (command("SELECT", "99"), "-ERR DB index is out of range\r\n")])
                == .server(ServerError("ERR DB index is out of range".utf8)))
    }

    /// <https://redis.io/docs/latest/commands/role/>
    @Test(arguments: [
        ("*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:9000\r\n$9\r\nconnected\r\n:3167038\r\n", "slave"),
        ("*2\r\n$8\r\nsentinel\r\n*0\r\n", "sentinel"),
    ])
    func `only a master will do`(reply: String, role: String) async throws {
        #expect(
            try await outcome(
                of: RedisHandshake(), [(command("HELLO", "3"), Self.hello), (command("ROLE"), reply)])
                == .notMaster(role: role))
    }

    @Test(arguments: [
        (
            "-NOPERM this user has no permissions to run the 'role' command\r\n",
            "NOPERM this user has no permissions to run the 'role' command"
        ),
        ("-ERR unknown command 'ROLE'\r\n", "ERR unknown command 'ROLE'"),
        ("-ERR unsupported command\r\n", "ERR unsupported command"),
        ("-Not here\r\n", "Not here"), ("*0\r\n", "the reply to ROLE is array of 0"),
    ])
    func `a role that nobody tells is unknown, and no hindrance`(reply: String, reason: String) async throws {
        let (unknownRole, failures) = try await dialogue { server in
            try server.expect(command("HELLO", "3"))
            try server.send(Self.hello)
            try server.expect(command("ROLE"))
            try server.send(reply)
            try server.expectEnd()
        } _: { _, connection in
            let result: Result<Void, RedisError> = try await callback {
                RedisHandshake().perform(on: connection, completion: $0)
            }
            try result.get()
            return connection.unknownRole
        }
        #expect(unknownRole == reason)
        #expect(failures == [])
    }

    @Test(arguments: [
        "NOAUTH Authentication required.", "LOADING Redis is loading the dataset in memory",
    ])
    func `an error on ROLE that speaks of credentials, or will pass, is one`(text: String) async throws {
        #expect(
            try await outcome(
                of: RedisHandshake(), [(command("HELLO", "3"), Self.hello), (command("ROLE"), "-\(text)\r\n")])
                == .server(ServerError(text.utf8)))
    }

    /// `mode` is `cluster` on a node of one; <https://redis.io/docs/latest/commands/hello/>
    @Test func `a node of a Cluster is refused`() async throws {
        let hello = "%2\r\n$5\r\nproto\r\n:3\r\n$4\r\nmode\r\n$7\r\ncluster\r\n"
        #expect(
            try await outcome(of: RedisHandshake(database: 1), [(command("HELLO", "3"), hello)]) == .clusterNode)
        // <https://redis.io/docs/latest/commands/cluster-info/>
        let info = "cluster_enabled:1\r\ncluster_state:ok\r\n"
        #expect(
            try await outcome(
                of: RedisHandshake(),
                [
                    (command("HELLO", "3"), "-ERR unknown command 'HELLO'\r\n"),
                    (command("CLUSTER", "INFO"), "$\(info.utf8.count)\r\n\(info)\r\n"),
                ]) == .clusterNode)
        #expect(
            RedisError.clusterNode.description
                == "the server is a node of a Redis Cluster, which is not supported: "
                + "connect to a single server, or to one that Sentinels watch")
    }

    @Test func `a server that is full says so and closes`() async throws {
        let (error, _) = try await dialogue { server in
            try server.expect(command("HELLO", "3"))
            try server.send("-ERR max number of clients reached\r\n")
        } _: { _, connection in
            let result: Result<Void, RedisError> = try await callback {
                RedisHandshake().perform(on: connection, completion: $0)
            }
            if case .failure(let error) = result { return RedisError?.some(error) }
            return nil
        }
        #expect(error == .server(ServerError("ERR max number of clients reached".utf8)))
        #expect(error?.serverError?.kind == .transient)
    }

    @Test(arguments: 0...2) func `a server may close at any step`(step: Int) async throws {
        let (error, failures) = try await dialogue { server in
            let steps = [
                (command("HELLO", "3"), Self.hello), (command("SELECT", "1"), "+OK\r\n"), (command("ROLE"), "*1\r\n"),
            ]
            for (index, (command, reply)) in steps.enumerated() where index <= step {
                try server.expect(command)
                if index < step || step == 2 { try server.send(reply) }
            }
        } _: { _, connection in
            let result: Result<Void, RedisError> = try await callback {
                RedisHandshake(database: 1).perform(on: connection, completion: $0)
            }
            if case .failure(.connection(let failure)) = result { return failure.kind }
            return TransportFailure.Kind.other
        }
        #expect(error == .disconnected)
        #expect(failures == [])
    }
}
