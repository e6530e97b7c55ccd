import Testing

@testable import FootbridgeRedis

@Suite struct GreetingSecretTests {
    @Test(
        arguments: [
            // Redis 5.0.14, src/server.c: a command that it does not know is repeated with what came with it.
            (
                "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `app`, `hunter2 x`, ",
                "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `app`, `***`, "
            ),
            // 128 bytes of it.
            (
                "ERR unknown command `HELLO`, with args beginning with: `hunt",
                "ERR unknown command `HELLO`, with args beginning with: `***"
            ),
            ("WRONGPASS invalid username-password pair or user is disabled.", nil), ("ERR hun", nil),
        ])
    func `a password that a server repeats is told to nobody`(reply: String, told: String?) {
        let error = ServerError(reply.utf8)
        let masked = RedisHandshake(user: "app", password: "hunter2 x").withoutPassword(.server(error))
        #expect(masked.description == told ?? reply)
        #expect(masked.serverError?.kind == error.kind)
        #expect(RedisHandshake().withoutPassword(.server(error)) == .server(error))
    }
}
