import TestThreads
import Testing

@testable import Footbridge

@Suite(.longRunning) struct ConfigFixtureTests {
    @Test(arguments: ConfigFixture.names)
    func fixture(name: String) throws {
        let fixture = try ConfigFixture(name: name)
        let result: [String]
        do throws(ConfigErrors) {
            result = try fixture.parse().dump.split(separator: "\n").map(String.init)
        } catch {
            #expect(error.description.split(separator: "\n").map(String.init) == fixture.expected)
            return
        }
        let (verdict, settings) = (fixture.expected.first, fixture.expected.dropFirst())
        #expect(verdict == "ok", "no error was found")
        #expect(settings.filter { !result.contains($0) } == [], "in \(result)")
    }

    @Test func `there are fixtures`() {
        #expect(ConfigFixture.names.count >= 60)
    }

    @Test(arguments: ConfigFixture.names)
    func `no secret is shown, neither by errors nor by the dump`(name: String) throws {
        let fixture = try ConfigFixture(name: name)
        let shown: String
        do throws(ConfigErrors) { shown = try fixture.parse().dump } catch { shown = error.description }
        // Everything that is secret in a fixture holds this word.
        #expect(!shown.lowercased().contains("hunter2"))
    }
}
