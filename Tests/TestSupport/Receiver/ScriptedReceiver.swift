import Foundation
import Synchronization

/// An HTTP/1.1 receiver on 127.0.0.1 that does with each request what the test's script says, and keeps a ledger of all
/// of them.
///
/// Sockets and threads only, nothing of the code under test or its libraries. The script runs on the connection's
/// thread.
public final class ScriptedReceiver: Sendable {
    public typealias Script = @Sendable (ReceivedRequest) -> ReceiverAction

    struct State: Sendable {
        var ledger: [ReceivedRequest] = []
        var seen: [String: Int] = [:]
        var accepted = 0
        var open: [Int: StreamSocket] = [:]
        /// What connections wait for, by their number.
        var gates: [Int: Gate] = [:]
        var isStopped = true
    }

    public let port: UInt16
    let state = Monitor(State())
    private let script: Script
    private let onConnect: @Sendable (Int) -> ConnectionAction
    private let listener: Mutex<StreamSocket?> = Mutex(nil)

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - port: 0 takes any free one.
    ///   - script: Called for each request, concurrently.
    ///   - onConnect: Called with the number of the connection, from 0, before anything of it is read.
    public init(
        port: UInt16 = 0, _ script: @escaping Script = { _ in .answer(200) },
        onConnect: @escaping @Sendable (Int) -> ConnectionAction = { _ in .serve }
    ) throws {
        let socket = try StreamSocket.listening(port: port)
        self.port = socket.port
        self.script = script
        self.onConnect = onConnect
        serve(socket)
    }

    deinit { stop() }

    public var url: String { "http://127.0.0.1:\(port)/hooks" }

    /// All requests read so far, in the order in which they were.
    public var ledger: [ReceivedRequest] { state.value.ledger }

    /// How many connections were accepted, over all starts.
    public var connections: Int { state.value.accepted }

    /// Waits for the ledger to hold at least `count` requests.
    ///
    /// - Throws: if it does not within `timeout`; the error shows what is there.
    @discardableResult
    public func waitFor(count: Int, timeout: Duration = .patience) throws -> [ReceivedRequest] {
        try waitUntil(timeout: timeout) { $0.count >= count }
    }

    /// Waits for the ledger to satisfy `condition`, which is asked after every request.
    @discardableResult
    public func waitUntil(
        timeout: Duration = .patience, _ condition: ([ReceivedRequest]) -> Bool
    ) throws -> [ReceivedRequest] {
        let held = state.wait(timeout: timeout) { condition($0.ledger) }
        let ledger = ledger
        guard held || condition(ledger) else {
            let requests = ledger.suffix(20).map { "\($0.method) \($0.path) \($0.id ?? "-") → \($0.action)" }
            throw TestSupportError(
                "not within \(timeout); \(ledger.count) requests, the last:\n\(requests.joined(separator: "\n"))")
        }
        return ledger
    }

    /// Stops listening and cuts all connections: from now on, connections are refused. The ledger stays.
    public func stop() {
        let socket = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        let gates = state.withLock { state in
            state.isStopped = true
            state.open.values.forEach { $0.shutDown() }
            return state.gates.values
        }
        gates.forEach { $0.recheck() }
        socket?.shutDown()
        _ = state.wait(timeout: .seconds(5)) { $0.open.isEmpty }
    }

    /// Listens again, on the same port, after `stop`.
    public func start() throws {
        guard state.value.isStopped else { return }
        serve(try .listening(port: port))
    }

    private func serve(_ socket: StreamSocket) {
        listener.withLock { $0 = socket }
        state.withLock { $0.isStopped = false }
        let state = state
        let script = script
        let onConnect = onConnect
        Thread.detachNewThread {
            while let connection = socket.acceptConnection() {
                let number: Int? = state.withLock { state in
                    guard !state.isStopped else { return nil }
                    defer { state.accepted += 1 }
                    state.open[state.accepted] = connection
                    return state.accepted
                }
                guard let number else { return }
                Thread.detachNewThread {
                    ReceiverConnection(socket: connection, number: number, state: state, script: script)
                        .run(onConnect(number))
                    state.withLock { $0.open[number] = nil }
                }
            }
        }
    }
}
