import FootbridgeRedis
import RedisStreams
import Testing

@testable import Footbridge

struct GroupPositionTests {
    @Test(
        arguments: [
            (.new, "$"), (.beginning, "0"), (.id(EntryID(milliseconds: 5, sequence: 2)), "5-2"),
            (.id(.zero), "0-0"),
            // A group begins after its position: the entry 1000-0 is the first to be read.
            (.time(milliseconds: 1000), "999-18446744073709551615"), (.time(milliseconds: 1), "0-18446744073709551615"),
            (.time(milliseconds: 0), "0"), (.time(milliseconds: .max), "18446744073709551614-18446744073709551615"),
        ] as [(GroupStart, String)])
    func `a start becomes the id after which a group begins`(start: GroupStart, argument: String) {
        #expect(GroupPosition(start).argument == argument)
    }

    /// As what a server says of commands that it does not know is an `ERR`, too.
    @Test func `one error alone means that there is no such stream`() {
        let errors = ["ERR no such key", "ERR unknown command 'XINFO'", "NOPERM no such key"]
        #expect(errors.map { ServerError($0.utf8).isNoSuchKey } == [true, false, false])
    }
}
