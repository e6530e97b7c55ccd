public import Foundation

/// A real process of a test. What it prints can be read while it runs; whatever happens, it and its children do not
/// outlive the test: they are killed with the last reference, or by `Watchdog` if the test run itself dies.
public final class ChildProcess: Sendable {
    public enum Exit: Sendable, Equatable {
        case status(Int32)
        case signal(Int32)
    }

    public enum Stream: Sendable { case output, error }

    struct State: Sendable {
        var output: [UInt8] = []
        var error: [UInt8] = []
        var openStreams = 2
        var exit: Exit?
    }

    public let pid: pid_t
    let state: Monitor<State>

    /// Starts `executable` (a path, or a name to look up in PATH).
    ///
    /// - Parameters:
    ///   - environment: Set on top of the test's own environment.
    ///   - inputFile: What it reads as its standard input; /dev/null if `nil`.
    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:], inputFile: String? = nil
    ) throws {
        let input = try inputFile.map { path in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw TestSupportError.system("open \(path)") }
            return descriptor
        }
        defer { if let input { close(input) } }
        let child = try Spawn(
            executable, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            input: input)
        pid = child.pid
        Watchdog.watch(pid)
        state = Monitor(State())
        Self.collect(child.output, in: state) { $0.output += $1 }
        Self.collect(child.error, in: state) { $0.error += $1 }
        Self.reap(pid, in: state)
    }

    deinit {
        // The group, so that children of the child end too; it outlives its leader as long as one of them does.
        kill(-pid, SIGKILL)
        _ = state.wait(timeout: .seconds(5)) { $0.exit != nil }
        Watchdog.forget(pid)
    }

    public var output: String { String(decoding: state.value.output, as: UTF8.self) }
    public var errorOutput: String { String(decoding: state.value.error, as: UTF8.self) }
    /// How it ended, or `nil` while it runs.
    public var exit: Exit? { state.value.exit }

    /// Sends a signal, unless the process has ended.
    public func signal(_ number: Int32) {
        state.withLock { if $0.exit == nil { _ = kill(pid, number) } }
    }

    /// Waits until the process printed `text` (anything printed after `offset` bytes counts).
    ///
    /// - Throws: if it did not within `timeout`, or ended without; the error shows what it did print.
    public func waitForOutput(
        containing text: String, on stream: Stream = .output, after offset: Int = 0, timeout: Duration = .patience
    ) throws {
        let wanted = Array(text.utf8)
        func found(_ state: State) -> Bool {
            let bytes = stream == .output ? state.output : state.error
            return bytes.dropFirst(offset).firstRange(of: wanted) != nil
        }
        _ = state.wait(timeout: timeout) { found($0) || $0.exit != nil }
        if exit != nil { waitForEndOfOutput(orUntil: found) }
        let now = state.value
        guard found(now) else { throw TestSupportError("did not print “\(text)” within \(timeout)\n\(Self.dump(now))") }
    }

    /// Waits for the end of the process and of its output.
    ///
    /// - Throws: if it still runs after `timeout`.
    @discardableResult
    public func waitForExit(timeout: Duration = .patience) throws -> Exit {
        if state.wait(timeout: timeout, until: { $0.exit != nil }) { waitForEndOfOutput() }
        let now = state.value
        guard let exit = now.exit else { throw TestSupportError("still runs after \(timeout)\n\(Self.dump(now))") }
        return exit
    }

    /// What an ended process printed may not have been read yet. Nor must this wait long: a child of the child may hold
    /// the pipes open.
    private func waitForEndOfOutput(orUntil isEnough: (State) -> Bool = { _ in false }) {
        _ = state.wait(timeout: .seconds(1)) { isEnough($0) || $0.openStreams == 0 }
    }

    private static func dump(_ state: State) -> String {
        """
        exit: \(state.exit.map { "\($0)" } ?? "none, it runs")
        --- output ---
        \(String(decoding: state.output.suffix(8192), as: UTF8.self))
        --- error ---
        \(String(decoding: state.error.suffix(8192), as: UTF8.self))
        """
    }

    private static func collect(
        _ descriptor: Int32, in state: Monitor<State>, _ append: @escaping @Sendable (inout State, [UInt8]) -> Void
    ) {
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { break }
                state.withLock { append(&$0, Array(buffer[..<count])) }
            }
            close(descriptor)
            state.withLock { $0.openStreams -= 1 }
        }
    }

    private static func reap(_ pid: pid_t, in state: Monitor<State>) {
        Thread.detachNewThread {
            var info = siginfo_t()
            // Looked at first and reaped under the lock, so that `signal` never hits a pid that has been given away.
            while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
            state.withLock { state in
                var status: Int32 = 0
                while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
                let signal = status & 0x7f
                state.exit = signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
            }
        }
    }
}
