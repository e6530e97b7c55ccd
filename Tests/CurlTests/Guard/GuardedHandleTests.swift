import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// Addresses are judged when a connection is opened.
@Suite(.timeLimit(.minutes(1))) struct GuardedHandleTests {
    private func options(_ url: String, _ addressGuard: AddressGuard = AddressGuard(), proxy: String? = nil)
        -> TransferOptions
    {
        TransferOptions(url: url, connection: ConnectionOptions(proxy: proxy, addressGuard: addressGuard))
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.1", "[::ffff:127.0.0.1]"])
    func `nothing is sent to a loopback address, however it is written`(host: String) async throws {
        let receiver = try ScriptedReceiver()
        let result = try await transfer(options("http://\(host):\(receiver.port)/"))
        #expect(result.failureKind == .forbiddenAddress)
        #expect(result.failure?.message.contains("is a loopback address; write allow: [\"") == true)
        #expect(receiver.connections == 0)
    }

    @Test func `what is allowed is sent`() async throws {
        let receiver = try ScriptedReceiver()
        let range = AddressGuard(ranges: [try AddressRange("127.0.0.0/8")])
        #expect(try await transfer(options(receiver.url, range)).response?.status == 200)
        // The other address of this name is refused and libcurl goes on to this one.
        #expect(try await transfer(options("http://localhost:\(receiver.port)/", range)).response?.status == 200)
        let name = AddressGuard(names: ["localhost"])
        #expect(try await transfer(options("http://localhost:\(receiver.port)/", name)).response?.status == 200)
        #expect(try await transfer(options(receiver.url, name)).failureKind == .forbiddenAddress)
    }

    @Test func `a port that nobody listens on is told as that where the address is allowed`() async throws {
        let range = AddressGuard(ranges: [try AddressRange("127.0.0.1")])
        #expect(try await transfer(options("http://127.0.0.1:\(try freePort())/", range)).failureKind == .refused)
    }

    /// A name that resolved to an allowed address when it was looked at, and to another one when it was connected to: what
    /// counts is where the connection goes, here by CURLOPT_CONNECT_TO, which no name shows.
    @Test func `the address counts that is connected to, not the one that the URL has`() async throws {
        let receiver = try ScriptedReceiver()
        var rebound = options("http://127.0.0.1:\(receiver.port)/")
        rebound.connection.tls.serverName = "public.example"
        #expect(try await transfer(rebound).failureKind == .forbiddenAddress)
        #expect(receiver.connections == 0)
    }

    @Test func `a proxy's address is the operator's own`() async throws {
        let proxy = try ScriptedReceiver()
        let through = options("http://10.1.2.3/hooks", proxy: "http://127.0.0.1:\(proxy.port)")
        #expect(try await transfer(through).response?.status == 200)
        #expect(proxy.ledger.map(\.path) == ["http://10.1.2.3/hooks"])
    }

    @Test func `a connection that one handle may keep is not another's who may not`() async throws {
        let receiver = try ScriptedReceiver()
        let allowing = options(receiver.url, AddressGuard(ranges: [try AddressRange("127.0.0.1")]))
        let other = options(receiver.url, AddressGuard(names: ["127.0.0.1"]))
        let refusing = options(receiver.url)
        let results = try await onLoop { actor in
            var results: [TransferResult] = []
            for options in [allowing, refusing, other, allowing, other, refusing] {
                let handle = try CurlHandle(loop: actor.loop, options: options)
                results.append(try await callback { try handle.start(request(), completion: $0) })
            }
            return results
        }
        #expect(results.map { $0.response?.status } == [200, nil, 200, 200, 200, nil])
        #expect(results.map { $0.response?.usedConnection } == [false, nil, false, true, true, nil])
        #expect(receiver.ledger.map(\.connection) == [0, 1, 0, 1])
    }
}
