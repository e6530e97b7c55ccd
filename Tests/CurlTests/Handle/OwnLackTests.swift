import CFootbridgeCurl
import Glibc
import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// What fails for want of something of our own must not be blamed on the receiver.
@Suite(.timeLimit(.minutes(1))) struct OwnLackTests {
    /// In a process of its own, where it takes all descriptors.
    @Test func `no descriptor is our own lack, and told as such`() async throws {
        await #expect(processExitsWith: .success) {
            let receiver = try ScriptedReceiver()
            let failure = try await failureWithoutDescriptors(receiver.url)
            #expect(failure?.kind == .ownLack)
            #expect(failure?.message == "no socket: Too many open files")
        }
    }

    @Test func `a name that cannot be looked up for want of descriptors is no unknown name`() async throws {
        await #expect(processExitsWith: .success) {
            let failure = try await failureWithoutDescriptors("http://a.invalid/")
            #expect(failure?.kind == .ownLack)
        }
    }

    private static func end(
        _ code: CURLcode, _ detail: String = "", socket: Int32 = 0, connection: Int32 = 0, isIPv4: Bool = true
    ) -> TransferEnd {
        TransferEnd(
            code: code, detail: detail, socketError: socket, connectionError: connection, isIPv4: isIPv4)
    }

    @Test(
        arguments: [
            (end(CURLE_COULDNT_CONNECT, socket: EMFILE), .ownLack),
            (end(CURLE_COULDNT_CONNECT, socket: ENFILE), .ownLack),
            (end(CURLE_COULDNT_CONNECT, socket: ENOMEM), .ownLack),
            (end(CURLE_COULDNT_CONNECT, socket: EAFNOSUPPORT), .refused),
            (end(CURLE_COULDNT_CONNECT, connection: EADDRNOTAVAIL), .ownLack),
            // This machine has no address of IPv6.
            (end(CURLE_COULDNT_CONNECT, connection: EADDRNOTAVAIL, isIPv4: false), .refused),
            (end(CURLE_COULDNT_CONNECT, connection: ECONNREFUSED), .refused),
            (end(CURLE_COULDNT_CONNECT, connection: EHOSTUNREACH), .refused),
            (end(CURLE_OUT_OF_MEMORY), .ownLack),
            (end(CURLE_COULDNT_RESOLVE_HOST, "getaddrinfo() thread failed to start"), .ownLack),
            (end(CURLE_COULDNT_RESOLVE_HOST), .nameLookupFailed),
        ] as [(TransferEnd, TransportFailure.Kind)])
    func `whose lack it is`(end: TransferEnd, kind: TransportFailure.Kind) {
        #expect(end.failure { false }.kind == kind)
    }

    @Test func `a connection that fails is an address's, a proxy's or a receiver's fault`() {
        var end = Self.end(CURLE_COULDNT_CONNECT, connection: ECONNREFUSED)
        end.hasProxy = true
        #expect(end.failure { false }.kind == .proxy)
        end = Self.end(CURLE_COULDNT_CONNECT)
        end.refusedAddress = "10.0.0.1 is a private address"
        #expect(
            end.failure { false }
                == TransportFailure(
                    kind: .forbiddenAddress, code: CURLE_COULDNT_CONNECT.rawValue,
                    message: "10.0.0.1 is a private address"))
        // Another address of the name was tried.
        end.hasConnected = true
        #expect(end.failure { false }.kind == .refused)
    }

    @Test(arguments: [CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM])
    func `what reads files fails in other words when there is no descriptor`(code: CURLcode) {
        #expect(Self.end(code).failure { true }.kind == .ownLack)
        #expect(Self.end(code).failure { false }.kind != .ownLack)
    }
}

/// A request of a process that may open no descriptor more than its loop has.
private func failureWithoutDescriptors(_ url: String) async throws -> TransportFailure? {
    try await onLoop { actor in
        let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
        let lowest = dup(0)
        close(lowest)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = rlim_t(lowest)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let result: TransferResult = try await callback { try handle.start(request(), completion: $0) }
        return result.failure
    }
}
