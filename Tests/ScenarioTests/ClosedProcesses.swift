import Foundation
import TestSupport
import TestThreads
import Testing

/// What other processes see of one that holds secrets.
@Suite(.serialized, .ownThreads) struct ClosedProcesses {
    /// Ends a bridge as a crash does, with cores allowed; says whether one was written.
    private static let crash = """
        import os, resource, signal, sys
        limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
        os.chdir(sys.argv[1])
        reading, writing = os.pipe()
        actions = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_DUP2, writing, 2), (os.POSIX_SPAWN_CLOSE, reading)]
        pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=actions)
        os.close(writing)
        text = b""
        while b"footbridge runs" not in text:
            more = os.read(reading, 65536)
            if not more: sys.exit("it ended: " + text.decode())
            text += more
        os.kill(pid, signal.SIGABRT)
        print(os.WCOREDUMP(os.waitpid(pid, 0)[1]))
        """

    private func leavesCore(_ environment: [String: String]) throws -> String {
        let scene = try Scene()
        let arguments = try [
            "-c", Self.crash, scene.directory.path, ChildProcess.footbridgeBinary(), "run", "-c", scene.writeFile(),
        ]
        // Swift's own handler, where it is switched on, takes the signal and goes on.
        let quiet = environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let python = try ChildProcess("python3", arguments, environment: quiet)
        try #require(try python.waitForExit(timeout: .seconds(60)) == .status(0), "\(python.errorOutput)")
        return python.output
    }

    /// Where the kernel writes none at all, a core cannot be missed.
    @Test func `a bridge that crashes leaves no core, unless it is asked to`() throws {
        #expect(try leavesCore(["FOOTBRIDGE_DUMPABLE": "0"]) == "False\n")
        let pattern = try String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
        guard pattern == "core\n" else { return }
        #expect(try leavesCore(["FOOTBRIDGE_DUMPABLE": "1"]) == "True\n")
    }

    /// Root reads everything, so both are somebody else.
    @Test
    func
        `another process of the same user cannot read the environment, and the process itself still counts its descriptors`()
        throws
    {
        let asNobody = geteuid() == 0 ? ["--reuid=65534", "--clear-groups", "--"] : ["--"]
        func nobody(_ words: [String], _ environment: [String: String] = [:]) throws -> ChildProcess {
            try ChildProcess("setpriv", asNobody + words, environment: environment)
        }
        for (dumpable, isReadable) in [("0", false), ("1", true)] {
            let scene = try Scene()
            scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
            chmod(scene.directory.path, 0o755)
            let file = try scene.writeFile()
            chmod(file, 0o644)
            let bridge = try nobody(
                [ChildProcess.footbridgeBinary(), "run", "-c", file],
                ["FOOTBRIDGE_DUMPABLE": dumpable, "PLANTED": "pl4nted-environment"])
            try bridge.waitForLog("footbridge runs")
            let reader = try nobody(["cat", "/proc/\(bridge.pid)/environ"])
            #expect(try (reader.waitForExit() == .status(0)) == isReadable)
            #expect(reader.output.contains("pl4nted-environment") == isReadable)
            #expect(try #require(try AdminProbe(bridge).metrics()["process_open_fds"]) > 5)
            #expect(try bridge.stop() == .status(0))
        }
    }
}
