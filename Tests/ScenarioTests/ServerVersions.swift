import TestSupport
import Testing

/// What "tested with Redis 7.0, Redis 8.2 and Valkey 8.1" rests on: the servers come from Debian and from PyPI.
@Suite struct ServerVersions {
    @Test(
        arguments: [
            (.redis, "redis_version:7.0."), (.redis8, "redis_version:8.2."), (.valkey, "valkey_version:8.1."),
        ] as [(ServerChoice, String)])
    func `each server is of the version that is spoken of`(choice: ServerChoice, version: String) throws {
        let server = try RedisServer(.init(choice: choice))
        let facts = try server.probe().command("INFO", "server").text ?? ""
        #expect(facts.contains("\r\n\(version)"))
    }
}
