import Footbridge
import RedisStreams

extension EntryID {
    /// The time in the id: `2026-02-01T03:07:08.123Z`. `nil` for 0-0, which is before all, and for ids that are
    /// far beyond the calendar.
    var time: String? { self == .zero ? nil : TimeText.format(milliseconds: milliseconds) }
}
