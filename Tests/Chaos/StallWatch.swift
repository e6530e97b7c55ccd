import Foundation
import Synchronization

/// Notices when the whole machine stood still: it explains times that nobody else can explain.
final class StallWatch: Sendable {
    struct Stall: Sendable {
        let start: Moment
        let seconds: Double
    }

    private let noticed = Mutex<[Stall]>([])
    private static let tick = 0.01
    private static let patience = 0.25

    init() {
        Thread.detachNewThread { [weak self] in
            var last = Moment.now
            while true {
                pause(Self.tick)
                guard let self else { return }
                let now = Moment.now
                if now - last > Self.patience {
                    noticed.withLock { $0.append(Stall(start: last, seconds: now - last)) }
                }
                last = now
            }
        }
    }

    var stalls: [Stall] { noticed.withLock { $0 } }
}
