import TestSupport
import TestThreads
import Testing

/// Man pages and completions: made from the commands' help and from docs/configuration.md, so each command and key is in them.
@Suite(.ownThreads) struct Manuals {
    @Test func `there is a page for each command and an entry for each key, and mandoc and man find no fault`() throws {
        let script = Repository.path("Packaging/manuals")
        let manuals = try ChildProcess(script, [ChildProcess.footbridgeBinary(), "--check"])
        let exit = try manuals.waitForExit(timeout: .seconds(60))
        #expect(exit == .status(0), "\(manuals.errorOutput)")
    }
}
