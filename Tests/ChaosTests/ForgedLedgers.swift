import Testing

@testable import chaos

/// The chaos run is only worth what its checks find.
struct ForgedLedgers {
    @Test func `every check holds for a sound ledger and fails for a forged one`() {
        #expect(Forgery.findings() == [])
    }

    @Test(arguments: Forgery.all.map(\.what)) func `a forgery is found by the check that is there for it`(what: String)
        throws
    {
        let forgery = try #require(Forgery.all.first { $0.what == what })
        #expect(forgery.failed.map(\.name).contains(forgery.caughtBy))
    }
}
