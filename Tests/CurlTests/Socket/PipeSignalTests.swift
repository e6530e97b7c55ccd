import CFootbridgeCurl
import Foundation
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// SIGPIPE ends a process that does nothing about it. In processes of their own, which do nothing about it.
///
/// libcurl 7.88.1 sends with MSG_NOSIGNAL, over TLS, too; before 7.88 OpenSSL used write(2), as the first tests here do.
@Suite(.timeLimit(.minutes(1))) struct PipeSignalTests {
    @Test func `on the loop a pipe without a reader ends nothing`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let said = try await onLoop { _ in writeToPipeWithoutReader() }
            #expect(said == EPIPE)
        }
    }

    @Test func `a thread that blocks the signal for a while has it as before, and not one that came meanwhile`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            #expect(footbridge_block_pipe_signal())
            #expect(!footbridge_block_pipe_signal(), "it was blocked before")
            #expect(writeToPipeWithoutReader() == EPIPE)
            footbridge_unblock_pipe_signal()
            #expect(footbridge_block_pipe_signal(), "it was not blocked")
        }
        await #expect(processExitsWith: .signal(SIGPIPE)) {
            signal(SIGPIPE, SIG_DFL)
            _ = footbridge_block_pipe_signal()
            footbridge_unblock_pipe_signal()
            _ = writeToPipeWithoutReader()
        }
    }

    @Test func `writing to a peer that is gone does not end the process`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let directory = try TemporaryDirectory()
            let certificates = try TLSCertificates(in: directory)
            let tls = SocketTarget.TLS(certificateAuthorityFile: certificates.authority)
            try await onLoop { actor in
                let server = try TLSServer(.echo, certificates)
                let socket = try await connected(.local(server.port, tls: tls), on: actor.loop)
                try server.kill()
                // Nobody listens for the end: the first one is answered with a reset, those that follow meet a broken pipe.
                for _ in 1...3 { socket.write([1]) }
                socket.close()
            }
        }
    }

    /// The loop has ended, and with it its thread: whoever holds the connection last closes it on a thread of the host's.
    @Test func `a connection to a peer that is gone is closed on any thread`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let directory = try TemporaryDirectory()
            let certificates = try TLSCertificates(in: directory)
            let tls = SocketTarget.TLS(certificateAuthorityFile: certificates.authority)
            let held = try await onLoop { actor in
                let server = try TLSServer(.echo, certificates)
                let socket = try await connected(.local(server.port, tls: tls), on: actor.loop)
                try server.kill()
                socket.write([1])
                return Held(socket: socket)
            }
            held.socket.close()
            #expect(footbridge_block_pipe_signal(), "it is not blocked here")
        }
    }

    private struct Held: @unchecked Sendable {
        let socket: CurlSocket
    }
}

/// What write(2) said, if it returns.
private func writeToPipeWithoutReader() -> Int32 {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    close(ends[0])
    defer { close(ends[1]) }
    return write(ends[1], "x", 1) < 0 ? errno : 0
}
