import Foundation
import Synchronization
import TestSupport

/// Stands between a bridge and Redis and cuts connections, at any byte of either direction.
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

    private struct State: Sendable {
        var cuts: [Cut] = []
        var done = 0
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
                for isUpstream in [true, false] {
                    Thread.detachNewThread { [self] in
                        pump(isUpstream ? client : server, to: isUpstream ? server : client, isUpstream)
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

    private func pump(_ source: StreamSocket, to sink: StreamSocket, _ isUpstream: Bool) {
        while let bytes = try? source.receive(), !bytes.isEmpty {
            let cut: Cut? = state.withLock { state in
                guard let place = state.cuts.firstIndex(where: { $0.isUpstream == isUpstream }) else { return nil }
                let cut = state.cuts[place]
                guard bytes.count >= cut.bytes else {
                    state.cuts[place].bytes -= bytes.count
                    return nil
                }
                state.cuts.remove(at: place)
                state.done += 1
                return cut
            }
            guard let cut else {
                guard (try? sink.sendAll(bytes)) != nil else { return }
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
}
