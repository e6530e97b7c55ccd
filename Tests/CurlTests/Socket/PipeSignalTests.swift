import CFootbridgeCurl
import Foundation
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// OpenSSL writes with write(2), so a peer that is gone raises SIGPIPE, which ends a process that does nothing about it. In
/// processes of their own, which do nothing about it.
@Suite(.timeLimit(.minutes(1))) struct PipeSignalTests {
    @Test func `a peer that resets while we write does not end the process`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let directory = try TemporaryDirectory()
            let certificates = try TLSCertificates(in: directory)
            let server = try TLSServer(.reset, certificates)
            let target = SocketTarget.local(
                server.port, tls: .init(certificateAuthorityFile: certificates.authority))
            for kind in PollerKind.allCases {
                try await EveryPoller.$current.withValue(kind) {
                    try await onLoop { actor in
                        for _ in 1...10 {
                            let peer = Peer()
                            let socket = try await connected(target, on: actor.loop)
                            socket.open(peer)
                            socket.write(sampleBytes(16 << 20))
                            _ = try await peer.waitForEnd()
                        }
                    }
                }
            }
        }
    }

    /// The loop has ended: who lets go of it last closes the connection, on a thread of the host's.
    @Test func `a connection to a peer that is gone is closed on any thread`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let directory = try TemporaryDirectory()
            let certificates = try TLSCertificates(in: directory)
            let tls = SocketTarget.TLS(certificateAuthorityFile: certificates.authority)
            for _ in 1...10 {
                let server = try TLSServer(.echo, certificates)
                let socket = try await onLoop { actor in
                    Held(socket: try await connected(.local(server.port, tls: tls), on: actor.loop))
                }
                try server.kill()
                socket.socket.close()
            }
            #expect(footbridge_block_pipe_signal(), "it is not blocked here")
        }
    }

    private struct Held: @unchecked Sendable {
        let socket: CurlSocket
    }
}
