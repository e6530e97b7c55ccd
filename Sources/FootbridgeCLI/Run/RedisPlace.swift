import FootbridgeRedis
import Synchronization

/// Where the bridge's Redis is, as soon as that is known: an embedded one has to be started first.
final class RedisPlace: Sendable {
    private let found = Mutex<RedisTarget?>(nil)

    var target: RedisTarget? { found.withLock { $0 } }

    func set(_ target: RedisTarget) { found.withLock { $0 = target } }
}
