import RedisStreams
import Testing

@testable import Footbridge

struct GroupWatchTests {
    /// Ten entries, of which the group has read four.
    private let before = GroupSurvey(
        length: 10, firstID: EntryID(milliseconds: 1), lastID: EntryID(milliseconds: 10), added: 10,
        lastDelivered: EntryID(milliseconds: 4), mark: nil, read: 4)

    private func findings(_ surveys: GroupSurvey...) -> [GroupWatch.Finding] {
        var watch = GroupWatch()
        return surveys.flatMap { watch.note($0) }
    }

    private func changed(_ change: (inout GroupSurvey) -> Void) -> GroupSurvey {
        var survey = before
        change(&survey)
        return survey
    }

    @Test func `a group that reads on, and a trim behind it, are nothing to tell`() {
        let trimmed = changed { ($0.length, $0.firstID) = (7, EntryID(milliseconds: 4)) }
        let read = changed { ($0.lastDelivered, $0.read) = (EntryID(milliseconds: 10), 10) }
        let empty = changed {
            ($0.lastDelivered, $0.read, $0.length, $0.firstID) = (EntryID(milliseconds: 10), 10, 0, nil)
        }
        #expect(findings(before, trimmed, read, empty) == [])
    }

    /// From its append-only file a server does not know how many entries a group has read.
    @Test func `after a restart of the server a group that reads on was not moved`() {
        let later = changed { ($0.lastDelivered, $0.read) = (EntryID(milliseconds: 6), nil) }
        #expect(findings(before, later) == [.movedForward(to: EntryID(milliseconds: 6))])
        var watch = GroupWatch()
        #expect(watch.note(before) == [])
        watch.didReconnect()
        #expect(watch.note(later) == [])
    }

    /// XTRIM MAXLEN 2: 7.0 and Valkey keep a lag of 6, 8.2 says 2.
    @Test func `unread entries that are gone are told once, and more of them again`() {
        let trimmed = changed { ($0.length, $0.firstID) = (2, EntryID(milliseconds: 9)) }
        let more = changed { ($0.length, $0.firstID) = (0, nil) }
        #expect(findings(before, trimmed, trimmed, more) == [.unreadLost(4), .unreadLost(2)])
    }

    @Test func `where the server does not know what was read, nothing is claimed`() {
        #expect(findings(changed { ($0.length, $0.firstID, $0.read) = (0, nil, nil) }) == [])
    }

    @Test func `a group that is moved back is told`() {
        let moved = changed { ($0.lastDelivered, $0.read) = (EntryID(milliseconds: 2), nil) }
        #expect(findings(before, moved, moved) == [.movedBack(to: EntryID(milliseconds: 2))])
    }

    @Test func `a group that stands beyond the end is told once`() {
        let moved = changed { ($0.lastDelivered, $0.read) = (EntryID(milliseconds: 99), nil) }
        #expect(
            findings(before, moved, moved)
                == [.movedBeyondEnd(to: EntryID(milliseconds: 99), end: EntryID(milliseconds: 10))])
    }
}
