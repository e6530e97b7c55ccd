import FootbridgeCurl
import Glibc

/// Signals that come as values from now on, none of them lost.
///
/// A handler writes each into a pipe. (Dispatch's way is to ignore a signal first and to watch for it then: what comes in
/// between is gone, and with it an operator's wish to stop.)
struct TrappedSignals: Sendable {
    /// One at a time, in the order in which they came.
    let values: AsyncStream<Int32>

    /// To be called once in a process.
    init(_ signals: Int32...) {
        var ends: [Int32] = [0, 0]
        // Without a pipe or a thread nothing is trapped, and a signal does what it does by itself: it ends the process.
        guard pipe(&ends) == 0 else {
            values = AsyncStream { _ in }
            return
        }
        let (reading, writing) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
        signalPipe = writing
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        values = stream
        do throws(SystemFailure) {
            try DetachedThread.start {
                var number: UInt8 = 0
                while true {
                    let count = read(reading, &number, 1)
                    if count == 1 { continuation.yield(Int32(number)) }
                    if count == 0 || count < 0 && errno != EINTR { return continuation.finish() }
                }
            }
        } catch {
            return
        }
        for signal in signals {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipe, &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            sigaction(signal, &action, nil)
        }
    }
}

/// Set before the handler that uses it is installed.
private nonisolated(unsafe) var signalPipe: Int32 = -1
