import Glibc

/// The lines of a descriptor, as bytes. Looks at the task's cancellation while it waits.
struct InputLines {
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var start = 0
    private var hasEnded = false

    init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

    /// Whether the next line would have to be waited for.
    var isDry: Bool {
        guard !hasEnded, bytes[start...].firstIndex(of: UInt8(ascii: "\n")) == nil else { return false }
        return !isReadable(atMost: 0)
    }

    /// The next line without its end, or `nil` at the end of the input.
    ///
    /// - Throws: `InputFailure`, `CancellationError`.
    mutating func next() async throws -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return bytes[start..<end]
            }
            guard !hasEnded else {
                defer { start = bytes.endIndex }
                return start < bytes.endIndex ? bytes[start...] : nil
            }
            bytes.removeFirst(start)
            start = 0
            searched = bytes.count
            try await readMore()
        }
    }

    private mutating func readMore() async throws {
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            guard !Task.isCancelled else { throw CancellationError() }
            guard isReadable(atMost: 100) else {
                // Where there is but one thread, whoever cancels has to get at it.
                await Task.yield()
                continue
            }
            let count = read(descriptor, &part, part.count)
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count >= 0 else { throw InputFailure(code: errno) }
            bytes += part.prefix(count)
            hasEnded = count == 0
            return
        }
    }

    private func isReadable(atMost milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, milliseconds) > 0
    }
}

/// The input cannot be read: it is a directory, for example.
struct InputFailure: Error, CustomStringConvertible {
    /// As in `errno`.
    let code: Int32

    var description: String { "standard input cannot be read: \(String(cString: strerror(code)))" }
}
