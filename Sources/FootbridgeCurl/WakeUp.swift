internal import CFootbridgeCurl

/// A descriptor that becomes readable when a thread says so, until it is cleared; closed with the last reference.
///
/// Thread safety: `set` may be called from anywhere.
package final class WakeUp: Sendable {
    package let reader: Int32
    private let writer: Int32

    package convenience init() throws(SystemFailure) { try self.init(.standard) }

    init(_ polling: PollerKind) throws(SystemFailure) {
        var (reader, writer): (Int32, Int32) = (-1, -1)
        switch polling {
        case .poll:
            guard footbridge_pipe(&reader, &writer) else { throw SystemFailure(code: footbridge_errno()) }
        #if os(Linux)
            case .epoll:
                reader = footbridge_eventfd()
                guard reader >= 0 else { throw SystemFailure(code: footbridge_errno()) }
                writer = reader
        #endif
        }
        (self.reader, self.writer) = (reader, writer)
    }

    deinit {
        close(reader)
        if writer != reader { close(writer) }
    }

    package func set() { footbridge_wake(writer) }

    package func clear() { footbridge_drain(reader) }
}
