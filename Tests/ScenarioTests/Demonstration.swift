import Foundation
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Demonstration {
    /// The redis-server of a demo that sends, and the directory of its data.
    private func redis(of demo: ChildProcess) throws -> (server: OtherProcess, directory: String) {
        try demo.waitForOutput(containing: "payment.succeeded")
        let pids = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        let pid = try #require(pids.first { stat(of: $0)?.parent == demo.pid })
        let data = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
        return (OtherProcess(pid), URL(fileURLWithPath: data).deletingLastPathComponent().path)
    }

    /// proc(5): state and parent stand behind the name in brackets, which may hold anything.
    private func stat(of pid: pid_t) -> (state: Substring, parent: pid_t)? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1
        else { return nil }
        return pid_t(fields[1]).map { (fields[0], $0) }
    }

    private func hasEnded(_ pid: pid_t) -> Bool { stat(of: pid).map { $0.state == "Z" } ?? true }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)])
    func `a signal ends it with the code of the signal and leaves nothing behind`(signal: Int32, exit: Int) throws {
        let demo = try ChildProcess.footbridge("demo")
        let (server, directory) = try redis(of: demo)
        demo.signal(signal)
        #expect(try demo.waitForExit() == .status(Int32(exit)))
        #expect(hasEnded(server.pid))
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func `its redis-server does not outlive kill -9`() throws {
        let demo = try ChildProcess.footbridge("demo")
        let (server, directory) = try redis(of: demo)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        demo.signal(SIGKILL)
        try demo.waitForExit()
        try eventually("the end of redis-server") { hasEnded(server.pid) }
    }
}
