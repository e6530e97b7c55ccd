import Testing

@testable import FootbridgeRedis

/// Texts as Redis 7.0.15, Redis 8.2.3 and Valkey 8.1.8 send them, unless a line says otherwise.
struct ServerErrorTests {
    @Test(
        arguments: [
            ("LOADING Redis is loading the dataset in memory", .transient),
            ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", .transient),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", .transient),
            ("CLUSTERDOWN Hash slot not served", .transient),
            ("CLUSTERDOWN The cluster is down", .transient),
            ("NOREPLICAS Not enough good replicas to write.", .transient),
            (
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
                    + "Commands that may modify the data set are disabled", .transient
            ),
            ("MISCONF Valkey is configured to save RDB snapshots", .transient),
            ("OOM command not allowed when used memory > 'maxmemory'.", .transient),
            ("ERR max number of clients reached", .transient),
            // From the cluster specification, <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>.
            ("TRYAGAIN Multiple keys request during rehashing of slot", .transient),
            ("MOVED 3999 127.0.0.1:6381", .moved),
            ("ASK 3999 127.0.0.1:6381", .ask),
            ("CROSSSLOT Keys in request don't hash to the same slot", .crossSlot),
            ("READONLY You can't write against a read only replica.", .notMaster),
            ("READONLY You can't write against a read only replica. script: 4b21, on @user_script:1.", .notMaster),
            (
                "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
                .notMaster
            ),
            ("UNBLOCKED the stream key no longer exists", .noGroup),
            ("UNBLOCKED client unblocked via CLIENT UNBLOCK", .unblocked),
            ("NOGROUP the consumer group this client was blocked on no longer exists", .noGroup),
            ("NOGROUP No such key 's1' or consumer group 'nog' in XREADGROUP with GROUP option", .noGroup),
            ("NOGROUP No such consumer group 'nog' for key name 's1'", .noGroup),
            ("NOAUTH Authentication required.", .configuration),
            ("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO", .configuration),
            ("WRONGPASS invalid username-password pair or user is disabled.", .configuration),
            ("NOPERM this user has no permissions to run the 'xack' command", .configuration),
            ("NOPERM No permissions to access a key", .configuration),
            ("NOPERM User lim has no permissions to run the 'xack' command", .configuration),
            // Redis 5 and before.
            ("ERR invalid password", .configuration),
            ("ERR Client sent AUTH, but no password is set", .configuration),
            ("DENIED Redis is running in protected mode", .configuration),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", .wrongType),
            ("NOSCRIPT No matching script. Please use EVAL.", .noScript),
            ("NOSCRIPT No matching script.", .noScript),
            ("BUSYGROUP Consumer Group name already exists", .busyGroup),
            ("ERR unknown command 'XACKDEL', with args beginning with: ", .unknownCommand),
            ("ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.", .unknownCommand),
            ("NOPROTO unsupported protocol version", .noProto),
            ("ERR no such key", .other),
            ("ERR syntax error", .other),
            ("ERR Invalid stream ID specified as stream command argument", .other),
            ("EXECABORT Transaction discarded because of previous errors.", .other),
        ] as [(String, ServerError.Kind)])
    func `an error is classed by its first word`(text: String, kind: ServerError.Kind) {
        let error = ServerError(text.utf8)
        #expect(error.kind == kind)
        #expect(error.description == text)
    }

    @Test func `code and message are told apart`() {
        let error = ServerError("BUSYGROUP Consumer Group name already exists".utf8)
        #expect(error.code == "BUSYGROUP")
        #expect(error.message == "Consumer Group name already exists")
    }

    /// Scripts may return any text as an error.
    @Test(arguments: [
        ("My own error", "", "My own error"), ("OOM", "OOM", ""), ("", "", ""), ("Oom x", "", "Oom x"),
        (" x", "", " x"),
    ])
    func `an error without a code is all message`(text: String, code: String, message: String) {
        let error = ServerError(Array(text.utf8)[...])
        #expect([error.code, error.message] == [code, message])
        #expect(error.description == text)
    }

    @Test func `bytes that are no text do no harm`() {
        #expect(ServerError([0x45, 0x52, 0x52, 0x20, 0xFF]).description == "ERR \u{FFFD}")
    }
}
