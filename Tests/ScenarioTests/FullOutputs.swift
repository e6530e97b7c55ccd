import TestSupport
import TestThreads
import Testing

/// What is printed and does not arrive: `/dev/full` takes nothing, as a full disk.
@Suite(.serialized, .ownThreads) struct FullOutputs {
    private let scene: ShellScene

    init() throws { scene = try ShellScene() }

    private static let told = "footbridge: standard output cannot be written: No space left on device\n"

    /// Runs a command by a shell with this behind it.
    private func run(_ words: [String], _ redirection: String) throws -> CommandResult {
        let child = try ChildProcess(
            "/bin/sh", ["-c", #"exec "$0" "$@" "# + redirection, ChildProcess.footbridgeBinary()] + words,
            environment: scene.environment.merging(["PLANTED": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) { $1 })
        return try CommandResult(child)
    }

    @Test(arguments: [
        "--help", "--version", "version", "help stream", "stream", "secret new", "listen --port 0",
        "secret sign --id 1 --env PLANTED",
        "stream add s n=1", "send s n=1", "series add s n=1", "stream range s", "stream range s --json",
        "stream read s",
        "stream tail s -n 1", "stream tail s --group g", "stream trim s --to 0 -y", "stream delete s 5-0 -y",
        "stream len s",
        "stream info s", "stream info s --json", "stream list", "series range s", "group create new s", "group list s",
        "group consumers g s", "group read g s", "group read g s --raw", "series read g s", "group pending g s",
        "group ack g s 5-0", "group claim g s 5-0", "group set-id g s --to 0 -y",
        "group remove-consumer g s --consumer c -y",
        "group destroy g s -y",
    ])
    func `a command whose output is not taken says so, and fails`(line: String) throws {
        for id in ["5-0", "6-0"] { try scene.add("s", id) }
        #expect(try scene.redis.command("XGROUP", "CREATE", "s", "g", "0") == .simple("OK"))
        if !line.contains(" read ") {
            try scene.redis.command("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">")
        }
        let result = try run(line.split(separator: " ").map(String.init), ">/dev/full")
        #expect(result.exit == .status(74) && result.error.hasSuffix(Self.told), "\(result)")
    }

    @Test(arguments: [["check", "-c"], ["check", "--show", "-c"], ["status", "-c"], ["try", "o", "-c"]])
    func `so does one that prints by way of a buffer`(words: [String]) throws {
        try scene.add("s", "5-0")
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            "redis: { url: \"\(scene.server.url)\" }\n"
                + "routes: { o: { stream: s, webhook: { url: \"https://example.com/\" } } }\n", to: "bridge.yaml")
        let result = try run(words + [file], ">/dev/full")
        #expect(result.exit == .status(74) && result.error.hasSuffix(Self.told), "\(result)")
    }

    @Test func `a descriptor that is closed is not given to a socket`() throws {
        try scene.add("s", "5-0")
        for words in [["stream", "range", "s"], ["version"]] {
            #expect(
                try run(words, ">&-")
                    == CommandResult(74, error: "footbridge: standard output cannot be written: Bad file descriptor\n"))
        }
        #expect(try run(["stream", "len", "s"], "<&- 2>&-") == CommandResult(0, output: "1\n"))
    }

    @Test func `a failure of its own counts more`() throws {
        try scene.add("s", "5-0")
        let result = try run(["stream", "info", "s", "nosuch"], ">/dev/full")
        #expect(result.exit == .status(74) && result.error == Self.told)
        #expect(try run(["stream", "info", "nosuch"], ">/dev/full").exit == .status(78))
    }
}
