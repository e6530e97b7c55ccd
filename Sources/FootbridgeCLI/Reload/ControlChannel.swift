import Glibc

/// A connection between a command and a bridge: a line there, and text back until its end.
struct ControlChannel: Sendable {
    let descriptor: Int32

    /// - Returns: `nil` if nobody listens there.
    static func connect(to address: ControlAddress) -> ControlChannel? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        guard address.withSockaddr({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        return ControlChannel(descriptor: descriptor)
    }

    /// The user at the other end.
    var peer: uid_t? {
        // `struct ucred`: pid, uid and gid.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(MemoryLayout<UInt32>.size * 3)
        return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 ? credentials[1] : nil
    }

    func limitWaits(to seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    @discardableResult
    func write(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// All that comes until the end, or until `isComplete`.
    ///
    /// - Returns: `nil` if the connection breaks, or more comes than anybody would say.
    func read(until isComplete: ([UInt8]) -> Bool = { _ in false }) -> String? {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = recv(descriptor, &part, part.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            bytes += part[..<count]
            if count == 0 || isComplete(bytes) { return String(decoding: bytes, as: UTF8.self) }
        }
        return nil
    }

    func close() { Glibc.close(descriptor) }
}
