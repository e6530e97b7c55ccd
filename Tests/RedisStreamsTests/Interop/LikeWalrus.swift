import Foundation
import RedisStreams
import TestSupport

/// What ours has read, in the form in which `Walrus` shows what walrus has read.
protocol LikeWalrus {
    var likeWalrus: RedisReply { get }
}

extension EntryID: LikeWalrus {
    var likeWalrus: RedisReply { .bulk(Array(description.utf8)) }
}

extension EntryFields: LikeWalrus {
    var likeWalrus: RedisReply { .array(map { .array([.bulk(Array($0.name)), .bulk(Array($0.value))]) }) }
}

extension StreamEntry: LikeWalrus {
    var likeWalrus: RedisReply { .array([id.likeWalrus, fields.likeWalrus]) }
}

extension StreamBatch: LikeWalrus {
    var likeWalrus: RedisReply { .array([.bulk(Array(stream.utf8)), entries.likeWalrus]) }
}

extension Message: LikeWalrus {
    var likeWalrus: RedisReply {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
        return .array([
            .bulk(Array(stream.utf8)), .integer(milliseconds), .integer(Int64(sequence)), fields.likeWalrus,
        ])
    }
}

/// Without the age, which no two looks find alike: `[id, consumer, deliveries]`.
extension PendingEntry: LikeWalrus {
    var likeWalrus: RedisReply {
        .array([id.likeWalrus, .bulk(Array(consumer.utf8)), .integer(Int64(deliveryCount))])
    }
}

extension Array: LikeWalrus where Element: LikeWalrus {
    var likeWalrus: RedisReply { .array(map(\.likeWalrus)) }
}
