import Glibc

/// A bound datagram socket, such as the one that systemd listens on: a path, or an abstract name after `@`.
public final class DatagramReceiver: Sendable {
    private let descriptor: Int32
    private let path: String?

    public init(_ text: String) throws {
        path = text.hasPrefix("/") ? text : nil
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // The address is put together by hand, so that UnixAddress is not its own witness.
        var bytes = [UInt8](repeating: 0, count: 2)
        bytes[0] = UInt8(AF_UNIX)
        bytes += text.hasPrefix("@") ? [0] + Array(text.utf8.dropFirst()) : Array(text.utf8) + [0]
        let bound = bytes.withUnsafeBytes { pointer in
            bind(descriptor, pointer.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard bound == 0 else { throw TestSupportError.system("bind \(text)") }
    }

    deinit {
        close(descriptor)
        if let path { unlink(path) }
    }

    /// The next datagram; `nil` if none comes in time.
    public func next(within patience: Duration = .seconds(10)) -> String? {
        let microseconds = Int(patience / .microseconds(1))
        var time = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// The datagrams up to one that `isLast`, that one included.
    ///
    /// - Throws: if no such thing comes within `timeout`.
    public func datagrams(
        timeout: Duration = .seconds(30), upTo isLast: (String) -> Bool
    ) throws -> [String] {
        let begin = ContinuousClock.now
        var all: [String] = []
        while begin.duration(to: .now) < timeout, let next = next(within: timeout - begin.duration(to: .now)) {
            all.append(next)
            if isLast(next) { return all }
        }
        throw TestSupportError("no such datagram among \(all)")
    }
}
