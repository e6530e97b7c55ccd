import Testing

@testable import FootbridgeAdmin

/// The variables are those of sd_listen_fds(3).
@Suite struct PassedSocketsTests {
    private func passed(_ count: String?, _ names: String? = nil) -> PassedSockets {
        PassedSockets(pid: "7", count: count, names: names, ownPID: 7)
    }

    @Test func `the one of the name is the admin server's, or the only one`() throws {
        #expect(try passed(nil).admin() == nil)
        #expect(try passed("1").admin() == PassedSockets.Socket(descriptor: 3, name: "unknown"))
        #expect(try passed("1", "footbridge.socket").admin()?.descriptor == 3)
        #expect(try passed("3", "a:admin:b").admin() == PassedSockets.Socket(descriptor: 4, name: "admin"))
        let error = #expect(throws: AdminServerError.self) { try passed("2", "a:b").admin() }
        #expect(
            error?.description
                == "2 sockets were passed (a, b), and none is named admin; write FileDescriptorName=admin in its socket unit"
        )
    }

    static let foreign: [(String?, String?)] = [
        ("8", "1"), (nil, "1"), ("7", "0"), ("7", "-1"), ("7", "x"), ("7", "2000"), ("7", nil),
    ]

    @Test(arguments: foreign) func `what is not meant for us is not ours`(pid: String?, count: String?) {
        #expect(PassedSockets(pid: pid, count: count, names: "admin", ownPID: 7).isEmpty)
    }
}
