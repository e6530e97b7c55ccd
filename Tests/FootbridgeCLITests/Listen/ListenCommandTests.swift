import Glibc
import TestSupport
import Testing

/// The command as a user runs it: the built binary.
struct ListenCommandTests {
    private let listening = "listening on http://127.0.0.1:"

    private func port(_ text: String) throws -> UInt16 {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(listening) })
        return try #require(UInt16(line.dropFirst(listening.count)))
    }

    private let request = "PUT /hooks HTTP/1.1\r\nconnection: close\r\nwebhook-id: a\r\ncontent-length: 2\r\n\r\nhi"

    @Test(arguments: [SIGINT, SIGTERM])
    func `it prints what arrives, and totals at the end`(signal: Int32) throws {
        let child = try ChildProcess.footbridge("listen", "--port", "0", "--status", "201")
        try child.waitForOutput(containing: "\n")
        let answer = try exchange(request, port: port(child.output))
        #expect(answer.hasPrefix("HTTP/1.1 201 "))
        child.signal(signal)
        #expect(try child.waitForExit() == .status(0))
        let lines = child.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3)
        #expect(lines[1].dropFirst(13) == "PUT /hooks 201 a #? unsigned hi")
        #expect(lines[2] == "received 1: 1 accepted, 0 failed; 1 distinct webhook-id, 0 duplicates")
    }

    @Test func `the time of a line is the one of the clock on the wall`() throws {
        let child = try ChildProcess.footbridge("listen", "--port", "0", environment: ["TZ": "<+09>-9"])
        try child.waitForOutput(containing: "\n")
        let port = try port(child.output)
        func hour() -> Int { (time(nil) / 3600 + 9) % 24 }
        let earliest = hour()
        _ = try exchange(request, port: port)
        let latest = hour()
        child.signal(SIGINT)
        try child.waitForExit()
        let line = try #require(child.output.split(separator: "\n").dropFirst().first)
        #expect([earliest, latest].contains(Int(line.prefix(2))), "\(line)")
    }

    @Test func `with --json, standard output has nothing but JSON`() throws {
        let child = try ChildProcess.footbridge("listen", "--port", "0", "--json", "--fail-rate", "1")
        try child.waitForOutput(containing: "\n", on: .error)
        _ = try exchange(request, port: port(child.errorOutput))
        child.signal(SIGINT)
        #expect(try child.waitForExit() == .status(0))
        #expect(
            child.output.hasPrefix(
                #"{"body":"hi","headers":{"connection":"close","content-length":"2","webhook-id":"a"},"#))
        #expect(child.output.hasSuffix("\"}\n"))
        #expect(child.errorOutput.hasSuffix("0 accepted, 1 failed; 1 distinct webhook-id, 0 duplicates\n"))
    }

    @Test func `what is no HTTP request is printed and counted`() throws {
        let child = try ChildProcess.footbridge("listen", "--port", "0")
        try child.waitForOutput(containing: "\n")
        let port = try port(child.output)
        #expect(try exchange("hello\r\n\r\n", port: port) == "")
        #expect(try exchange("POST / HTTP/1.1\r\ncontent-length: \u{1b}9\r\n\r\n", port: port) == "")
        child.signal(SIGINT)
        #expect(try child.waitForExit() == .status(0))
        let lines = child.output.split(separator: "\n").dropFirst()
        #expect(
            lines == [
                "malformed request, closed without an answer: not the first line of a request",
                "malformed request, closed without an answer: a control character in a head; this is HTTP without TLS",
                "received 0: 0 accepted, 0 failed; 0 distinct webhook-ids, 0 duplicates; 2 malformed",
            ])
    }

    @Test func `a request that waits for its delay gets no answer when it ends`() throws {
        let child = try ChildProcess.footbridge("listen", "--port", "0", "--delay", "1h")
        try child.waitForOutput(containing: "\n")
        let port = try port(child.output)
        let answer = try? exchange(request, port: port) {
            // When one that came later is through, by an answer or by a reset, the first one waits.
            _ = try? exchange("hello\r\n\r\n", port: port)
            child.signal(SIGINT)
            try child.waitForExit()
        }
        #expect(child.exit == .status(0))
        // The connection may as well end with an error, or with the server's word that it is about to end.
        #expect(!(answer ?? "").hasPrefix("HTTP/1.1 2"), "\(answer ?? "")")
    }

    @Test(arguments: [
        (["--delay", "5"], "The value '5' is invalid for '--delay <time>': it has no unit; write 5s"),
        (
            ["--delay", "-5s"],
            "The value '-5s' is invalid for '--delay <time>': write a whole number and its unit, such as 250ms, 2s or 1m"
        ),
        (["--status", "-5"], "--status -5 is no status to answer with; write 200 to 599"),
        (["--fail-rate", "-0.5"], "--fail-rate -0.5 is no share; write 0 to 1"),
    ])
    func `a wrong value is told with a right one`(options: [String], message: String) throws {
        let child = try ChildProcess.footbridge(["listen"] + options)
        #expect(try child.waitForExit() == .status(64))
        #expect(child.errorOutput.hasPrefix("Error: \(message)\n"))
    }

    @Test func `a port in use ends it with 69`() throws {
        let other = try ScriptedReceiver()
        let child = try ChildProcess.footbridge("listen", "--port", "\(other.port)")
        #expect(try child.waitForExit() == .status(69))
        #expect(
            child.errorOutput
                == "footbridge: port \(other.port) of 127.0.0.1 is in use; choose another with --port, "
                + "or any free one with --port 0\n")
    }

    @Test(arguments: [
        ["--host", "example.com"], ["--fail-rate", "1.1"], ["--fail-rate", "nan"], ["--status", "99"],
        ["--fail-status", "1000"], ["--delay", "5"], ["--secret", "geheim"], ["--port", "65536"],
        ["--quiet", "--json"],
    ])
    func `a wrong option ends it with 64`(options: [String]) throws {
        let child = try ChildProcess.footbridge(["listen"] + options)
        #expect(try child.waitForExit() == .status(64))
    }
}
