import Admin
import Curl
import Foundation
import HTTP
import JQ
import RESP
import Redis
import RedisStreams
import Webhooks

// What a host process may expect of the library: it is as it was. `PackageTests` runs this, once for each case.
//
//   host leaves-signals URL     every signal does what it did; a pipe without a reader ends the process
//   host keeps-ignoring URL     the same for a process that ignores SIGPIPE
//   host runs-exit-handlers URL what was registered with atexit runs, and the status is the given one
//   host survives-loss URL PID  the server, which is that process, dies while there is much to write

/// Type names beside those of Foundation and of the neighbour.
typealias Names = (Redis.Stream, OutputStream, Message, EntryID, RedisOfNeighbour, RESPOfNeighbour)

func handlers() -> [Int] {
    (1...31).map { number in
        var action = sigaction()
        sigaction(Int32(number), nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    }
}

func blocksPipe() -> Bool {
    var mask = sigset_t()
    pthread_sigmask(SIG_SETMASK, nil, &mask)
    return sigismember(&mask, SIGPIPE) == 1
}

/// Returns what write(2) said, if it returns.
func writeToPipeWithoutReader() -> Int32 {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    close(ends[0])
    return write(ends[1], "x", 1) < 0 ? errno : 0
}

/// Bytes that the kernel keeps for all that is open here, because the other sides take none.
func unsentBytes() -> Int32 {
    (Int32(3)..<1024).reduce(0) { sum, descriptor in
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? sum + count : sum
    }
}

/// Waits until bytes are kept, and no more are added.
func waitUntilStuck() async throws {
    var before: Int32 = 0
    for _ in 0..<500 {
        try await Task.sleep(for: .milliseconds(20))
        let now = unsentBytes()
        if now > 0, now == before { return }
        before = now
    }
    require(false, "the server takes no more")
}

func say(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

func require(_ condition: Bool, _ what: String) {
    guard condition else {
        say("not so: \(what)")
        exit(1)
    }
}

let (mode, url) = (CommandLine.arguments[1], CommandLine.arguments[2])
if mode == "keeps-ignoring" { signal(SIGPIPE, SIG_IGN) }
if mode == "runs-exit-handlers" { atexit { say("handler") } }
let before = handlers()

let redis = try await RedisStreams.Redis.connect(url)
let stream = redis.stream("events")
let id = try await stream.add(["text": "hello"])
let text = try await stream[id]?["text"]
require(text == "hello", "the entry came back")

if mode == "survives-loss" {
    let server = pid_t(CommandLine.arguments[3]) ?? 0
    let much = String(repeating: "x", count: 16 << 20)
    // It takes nothing more: what the kernel has no room for is written when the connection is gone.
    kill(server, SIGSTOP)
    async let first: Void = lose(1)
    async let second: Void = lose(2)
    try await waitUntilStuck()
    kill(server, SIGKILL)
    _ = await (first, second)
    func lose(_ number: Int) async {
        do {
            let id = try await stream.add(["text": much])
            require(false, "the server was gone, but added \(id)")
        } catch {
            say("lost \(number): \(error)")
        }
    }
}

await redis.close()
require(handlers() == before, "no signal does anything else")
require(!blocksPipe(), "SIGPIPE is not blocked here")
say("used")
switch mode {
case "keeps-ignoring": require(writeToPipeWithoutReader() == EPIPE, "EPIPE")
case "runs-exit-handlers": exit(3)
default: require(writeToPipeWithoutReader() == 0, "the process had ended")
}
