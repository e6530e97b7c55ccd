import Foundation
import Synchronization
import TestSupport

/// Stands between a bridge and Redis. It cuts connections at any byte of either direction, swallows what comes, or takes its
/// time.
final class CuttingProxy: Sendable {
    /// Where the next cut is to come.
    struct Cut: Sendable {
        /// Bytes that still pass.
        var bytes: Int
        /// Of what the bridge sends; else of what Redis sends.
        var isUpstream: Bool
        /// With RST in place of an orderly end.
        var isReset: Bool
    }

    /// How bytes pass.
    struct Manner: Sendable, Equatable {
        /// Nothing passes, in either direction, and nobody is told: a half-open connection. Those that were open when
        /// it began stay so for good, as after a firewall forgot them.
        var swallows = false
        /// Seconds before each portion.
        var delay = 0.0
        /// Bytes of a portion; `nil` for as many as there are.
        var portion: Int?
    }

    private struct State: Sendable {
        var cuts: [Cut] = []
        var done = 0
        var manner = Manner()
        /// Connections from before the swallowing are numbered below this one: they never pass anything again.
        var lost = 0
        var connections = 0
    }

    let port: UInt16
    private let listener: StreamSocket
    private let state = Mutex(State())

    init(upstream: UInt16) throws {
        listener = try .listening(port: 0)
        port = listener.port
        Thread.detachNewThread { [self] in
            while let client = listener.acceptConnection() {
                // Redis is away: so is this connection.
                guard let server = try? StreamSocket.connected(port: upstream) else { continue }
                client.sendAtOnce()
                server.sendAtOnce()
                let number = state.withLock { state in
                    state.connections += 1
                    return state.connections
                }
                for isUpstream in [true, false] {
                    Thread.detachNewThread { [self] in
                        pump(isUpstream ? client : server, to: isUpstream ? server : client, isUpstream, number)
                        client.shutDown()
                        server.shutDown()
                    }
                }
            }
        }
    }

    /// Cuts the first connection whose bytes reach that far.
    func arm(_ cut: Cut) { state.withLock { $0.cuts.append(cut) } }
    func disarm() { state.withLock { $0.cuts = [] } }

    /// Cuts that were made.
    var cutsMade: Int { state.withLock { $0.done } }

    func pass(_ manner: Manner) {
        state.withLock { state in
            if state.manner.swallows { state.lost = state.connections }
            state.manner = manner
        }
    }

    private func pump(_ source: StreamSocket, to sink: StreamSocket, _ isUpstream: Bool, _ number: Int) {
        while let bytes = try? source.receive(), !bytes.isEmpty {
            let (manner, isLost) = state.withLock { ($0.manner, $0.manner.swallows || number <= $0.lost) }
            if isLost { continue }
            guard let cut = takeCut(of: bytes.count, isUpstream) else {
                guard forward(bytes, to: sink, manner) else { return }
                continue
            }
            if cut.bytes > 0 { try? sink.sendAll(Array(bytes.prefix(cut.bytes))) }
            if cut.isReset {
                source.resetOnClose()
                sink.resetOnClose()
            }
            return
        }
    }

    /// The cut that falls within so many further bytes.
    private func takeCut(of count: Int, _ isUpstream: Bool) -> Cut? {
        state.withLock { state in
            guard let place = state.cuts.firstIndex(where: { $0.isUpstream == isUpstream }) else { return nil }
            let cut = state.cuts[place]
            guard count >= cut.bytes else {
                state.cuts[place].bytes -= count
                return nil
            }
            state.cuts.remove(at: place)
            state.done += 1
            return cut
        }
    }

    /// Whether the connection goes on.
    private func forward(_ bytes: [UInt8], to sink: StreamSocket, _ manner: Manner) -> Bool {
        guard manner != Manner() else { return (try? sink.sendAll(bytes)) != nil }
        var rest = bytes[...]
        // The portions are small only at first: what matters is that commands and replies come in pieces.
        for _ in 0..<8 where !rest.isEmpty {
            pause(manner.delay / 8)
            let portion = rest.prefix(manner.portion ?? rest.count)
            rest = rest.dropFirst(portion.count)
            guard (try? sink.sendAll(Array(portion))) != nil else { return false }
        }
        return rest.isEmpty || (try? sink.sendAll(Array(rest))) != nil
    }
}
