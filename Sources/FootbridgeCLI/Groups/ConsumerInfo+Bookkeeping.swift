import Footbridge
import RedisStreams

extension ConsumerInfo {
    /// Whether no reader has this name: bridges note in it something of the group, or hand entries over under it.
    var isBookkeeping: Bool { name == WellKnownConsumer.released || WellKnownConsumer.isMark(name) }
}
