import RedisStreams
import Testing

@testable import Footbridge

@Suite struct HoldMarkTests {
    @Test func `a mark says what and since when`() {
        let mark = HoldMark(.paused, since: 1_795_842_932_700)
        #expect(mark.name == "footbridge:hold:paused:1795842932700")
        #expect(HoldMark(mark.name) == mark)
        #expect(WellKnownConsumer.isMark(mark.name))
    }

    @Test(arguments: [
        "footbridge:hold:", "footbridge:hold:paused", "footbridge:hold:paused:x", "footbridge:hold:gone:1", "a.1",
    ])
    func `what is none is none`(name: String) {
        #expect(HoldMark(name) == nil)
    }

    @Test func `a pause counts for more than a drain`() {
        let (paused, draining) = (HoldMark(.paused, since: 1), HoldMark(.draining, since: 2))
        #expect(HoldMark.among(["a.1", draining.name, paused.name]) == paused)
        #expect(HoldMark.among(["a.1", draining.name]) == draining)
        #expect(HoldMark.among(["a.1"]) == nil)
    }
}
