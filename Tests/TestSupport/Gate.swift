/// Shut until a test opens it; then open for good.
public final class Gate: Sendable {
    private let opened = Monitor(false)

    public init() {}

    public var isOpen: Bool { opened.value }

    public func open() { opened.withLock { $0 = true } }

    /// `false` if nobody opened it within `timeout`.
    public func wait(timeout: Duration = .seconds(30)) -> Bool { opened.wait(timeout: timeout) { $0 } }

    /// Waits until the gate is open or `isOver` holds, which is asked again after `recheck`.
    func wait(timeout: Duration, unless isOver: () -> Bool) -> Bool {
        _ = opened.wait(timeout: timeout) { $0 || isOver() }
        return opened.value
    }

    /// Makes those who wait look again.
    func recheck() { opened.withLock { _ in } }
}
