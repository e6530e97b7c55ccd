import Foundation
import Synchronization
import TestSupport

/// An HTTP receiver that answers by the plan and writes down all that came in, on a thread for each connection.
final class ChaosReceiver: Sendable {
    private struct State: Sendable {
        var listener: StreamSocket?
        var open: [Int: StreamSocket] = [:]
        var accepted = 0
    }

    let port: UInt16
    var url: String { "\(identity == nil ? "http" : "https")://127.0.0.1:\(port)/hooks" }
    let identity: TLSIdentity?
    private let plan: ReceiverPlan
    private let book: ReceiptBook
    /// Which of the receivers.
    private let index: Int
    private let streams: Int
    private let signatures = SignatureCheck(secret: Settings.secret)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - streams: how many the entries come from.
    ///   - identity: for TLS.
    init(index: Int, streams: Int, identity: TLSIdentity?, plan: ReceiverPlan, book: ReceiptBook) throws {
        self.identity = identity
        self.index = index
        self.streams = streams
        self.plan = plan
        self.book = book
        let socket = try StreamSocket.listening(port: 0)
        port = socket.port
        serve(socket)
    }

    /// Connections are refused from now on, and those that are open end.
    func close() {
        let sockets = state.withLock { state in
            defer { state.listener = nil }
            return Array(state.open.values) + [state.listener].compactMap { $0 }
        }
        for socket in sockets { socket.shutDown() }
    }

    /// Ends all connections that are open; new ones are welcome.
    func endConnections() {
        for socket in state.withLock({ Array($0.open.values) }) { socket.shutDown() }
    }

    func open() throws {
        // The accepting thread may still hold the old socket for a moment.
        var socket: StreamSocket?
        _ = eventually(within: 5) {
            socket = try? StreamSocket.listening(port: port)
            return socket != nil
        }
        guard let socket else { throw TestSupportError("cannot listen on port \(port) again") }
        serve(socket)
    }

    private func serve(_ socket: StreamSocket) {
        state.withLock { $0.listener = socket }
        Thread.detachNewThread { [self] in
            while let connection = socket.acceptConnection() {
                let number: Int? = state.withLock { state in
                    guard state.listener === socket else { return nil }
                    state.accepted += 1
                    state.open[state.accepted] = connection
                    return state.accepted
                }
                guard let number else { return }
                Thread.detachNewThread { [self] in
                    connection.sendAtOnce()
                    if let connection = ReceiverConnection(connection, identity) { serve(connection) }
                    state.withLock { $0.open[number] = nil }
                }
            }
        }
    }

    /// Ends with the connection; why it ended is the bridge's affair.
    private func serve(_ peer: ReceiverConnection) {
        var reader = RequestReader(peer)
        let connection = book.openConnection()
        var earlier: Int32 = 0
        while let request = try? reader.next() {
            let received = Moment.now
            let entry = Self.number(in: request.body)
            let answer = plan.answer(entry, earlier: book.count(entry))
            let id = request.id.lastIndex(of: "_").flatMap {
                EntryID(
                    request.id[request.id.index(after: $0)...],
                    stream: Settings.stream(ofEntry: max(0, entry), of: streams))
            }
            let place = book.add(
                Receipt(
                    entry: Int32(clamping: entry), receiver: UInt8(clamping: index), connection: connection,
                    earlier: earlier, run: Int32(clamping: request.run),
                    attempt: Int32(clamping: request.attempt), answer: answer,
                    isSigned: signatures.accepts(request), timestamp: UInt32(request.timestamp) ?? 0,
                    id: id ?? EntryID(milliseconds: 0, sequence: 0),
                    digest: digest(request.body), received: received, isReplayed: !request.replay.isEmpty,
                    second: UInt32(clamping: time(nil))))
            earlier += 1
            guard AnswerWriter(peer: peer, book: book, place: place).write(answer) else { return }
        }
    }

    /// The body begins with `{"n":"<number>"`.
    private static func number(in body: [UInt8]) -> Int {
        guard body.starts(with: "{\"n\":\"".utf8) else { return -1 }
        return Int(String(decoding: body.dropFirst(6).prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)) ?? -1
    }
}
