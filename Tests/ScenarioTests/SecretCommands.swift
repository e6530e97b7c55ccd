import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct SecretCommands {
    private let directory: TemporaryDirectory
    /// Vectors of Standard Webhooks (go) and of the Svix server.
    private let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private let time = "1614265330"
    private let shared = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private let key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    private let signature =
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
        + "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(#"{"test": 2432232314}"#, to: "body")
        try directory.write(shared + "\n", to: "shared")
        try directory.write(key + "\r\n", to: "key")
        try directory.write("\(shared)\n\(key)\n", to: "both")
        try directory.write("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=\n", to: "public")
    }

    private func run(
        _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
    ) throws -> CommandResult {
        try CommandResult(
            .footbridge(
                ["secret"] + arguments, environment: environment, inputFile: input.map { directory.file($0) }))
    }

    @Test func `the published signatures are printed, wherever the secrets come from`() throws {
        let expected = CommandResult(
            0, output: "webhook-id: \(id)\nwebhook-timestamp: \(time)\nwebhook-signature: \(signature)\n")
        let message = ["sign", "--id", id, "--timestamp", time]
        let body = ["--body", directory.file("body")]
        let files = ["--file", directory.file("shared"), "--file", directory.file("key")]
        #expect(try run(message + files, input: "body") == expected)
        #expect(try run(message + files + body) == expected)
        #expect(try run(message + body, input: "both") == expected)
        #expect(
            try run(
                message + ["--env", "A", "--env", "B"], input: "body", environment: ["A": shared, "B": key + "\n"])
                == expected)
    }

    @Test func `verify says what a receiver would`() throws {
        func verify(_ key: String, id: String? = nil, _ seconds: String? = nil, signature: String? = nil, at: String)
            throws -> CommandResult
        {
            try run(
                [
                    "verify", "--file", directory.file(key), "--id", id ?? self.id, "--timestamp", seconds ?? time,
                    "--signature", signature ?? self.signature, "--at", at,
                ], input: "body")
        }
        for key in ["shared", "key", "public"] {
            #expect(try verify(key, at: "1614265630") == CommandResult(0, output: "valid\n"))
            #expect(
                try verify(key, at: "1614265631")
                    == CommandResult(
                        65, error: "footbridge: not valid: webhook-timestamp is more than 300 s in the past\n"))
            #expect(
                try verify(key, id: "msg_2", at: time)
                    == CommandResult(65, error: "footbridge: not valid: no signature fits the secret\n"))
        }
        #expect(
            try verify("shared", signature: "v1,g0hM9SsE", at: time)
                == CommandResult(65, error: "footbridge: not valid: webhook-signature is malformed\n"))
        // Without --at it is now, years later.
        let now = try run(
            ["verify", "--file", directory.file("shared"), "--id", id, "--timestamp", time, "--signature", signature],
            input: "body")
        #expect(now.exit == .status(65))
    }

    @Test func `a new pair fits, and a shared secret has no public key`() throws {
        let pair = try run(["new", "--asymmetric"])
        #expect(pair.output.wholeMatch(of: #/whsk_[A-Za-z0-9+\/]{86}==\n/#) != nil)
        try directory.write(pair.output, to: "pair")
        let publicKey = try run(["public"], input: "pair")
        #expect(publicKey.output.wholeMatch(of: #/whpk_[A-Za-z0-9+\/]{43}=\n/#) != nil)
        #expect(try run(["public", "--file", directory.file("key")]).output.hasPrefix("whpk_1SiA4o9hyqTCpIqC5V9H"))
        #expect(try run(["new"]).output.wholeMatch(of: #/whsec_[A-Za-z0-9+\/]{43}=\n/#) != nil)
        #expect(
            try run(["public"], input: "shared")
                == CommandResult(
                    65,
                    error: "footbridge: a whsec_ is shared and has no public key; make a pair with: "
                        + "footbridge secret new --asymmetric\n"))
    }

    @Test func `what is wrong is told without the secret`() throws {
        let message = ["sign", "--id", id, "--body", directory.file("body")]
        #expect(try run(message, input: "public").exit == .status(65))
        #expect(try run(message, input: "public").error.hasPrefix("footbridge: line 1: whpk_ is a public key"))
        try directory.write("hunter2\n", to: "bad")
        for result in [
            try run(message, input: "bad"), try run(message + ["--file", directory.file("bad")]),
            try run(message + ["--env", "BAD"], environment: ["BAD": "hunter2"]),
            try run(message + ["--env", "hunter2"]),
            try run(message + ["--file", directory.file("nowhere")]), try run(message),
        ] {
            #expect(result.exit == .status(65))
            #expect(result.error.hasPrefix("footbridge: ") && !result.error.contains("hunter2"))
        }
        #expect(try run(["sign", "--id", id], input: "body").exit == .status(64))
        #expect(try run(["sign", "--id", "a.b", "--file", directory.file("key")], input: "body").exit == .status(64))
    }
}
