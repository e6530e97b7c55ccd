import Glibc
import Synchronization

/// The socket on which systemd's journal takes entries with fields (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>): one datagram
/// each, or a sealed memory file if that is too large.
final class JournalSocket: Sendable {
    static let usualPath = "/run/systemd/journal/socket"

    private let address: UnixAddress
    private let descriptor: Int32
    private let patience = Mutex(LogPatience())

    /// - Parameter path: of another socket, for tests.
    /// - Returns: `nil` if nobody takes entries there.
    init?(path: String = usualPath) {
        guard let address = UnixAddress(path) else { return nil }
        self.address = address
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        // Room for long entries; the kernel gives what it allows (net.core.wmem_max).
        var room: Int32 = 8 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        // What is refused from here on runs `deinit`.
        guard descriptor >= 0, connect() else { return nil }
    }

    private func connect() -> Bool { address.withSockaddr { Glibc.connect(descriptor, $0, $1) == 0 } }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// - Returns: `false` if the entry cannot be delivered: the journal is gone, or does not read.
    func send(_ entry: [UInt8]) -> Bool {
        patience.withLock { patience in
            for _ in 0..<2 {
                guard patience.wait(for: descriptor) else { return false }
                var bytes = entry
                if bytes.withUnsafeMutableBytes({ transmit($0, file: nil) }) >= 0 { return true }
                switch errno {
                case EMSGSIZE, ENOBUFS: return sendAsFile(entry)
                case EAGAIN: continue
                // Another process has its place.
                case ECONNREFUSED, ECONNRESET, ENOTCONN: if !connect() { return false }
                default: return false
                }
            }
            return false
        }
    }

    /// The journal reads the file and nothing else: nobody may change it meanwhile, hence the seals.
    private func sendAsFile(_ entry: [UInt8]) -> Bool {
        guard let file = LinuxCalls.memfdCreate?("footbridge-log", LinuxCalls.memfdSealable), file >= 0 else {
            return false
        }
        defer { close(file) }
        let isWritten = entry.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard written > 0 else { return false }
                rest = rest.dropFirst(written)
            }
            return true
        }
        guard isWritten, fcntl(file, LinuxCalls.addSeals, LinuxCalls.allSeals) == 0 else { return false }
        return transmit(UnsafeMutableRawBufferPointer(start: nil, count: 0), file: file) >= 0
    }

    /// One datagram; with a file it is empty, and carries the descriptor.
    private func transmit(_ bytes: UnsafeMutableRawBufferPointer, file: Int32?) -> Int {
        var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        var message = msghdr()
        // struct cmsghdr of cmsg(3), one descriptor, and what fills it up to eight bytes.
        var control = (
            length: 20 as UInt64, level: SOL_SOCKET, type: Int32(SCM_RIGHTS), file: file ?? -1, 0 as Int32
        )
        return withUnsafeMutablePointer(to: &part) { part in
            withUnsafeMutableBytes(of: &control) { control in
                message.msg_iov = part
                message.msg_iovlen = file == nil ? 1 : 0
                if file != nil {
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                }
                while true {
                    let sent = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
                    if sent >= 0 || errno != EINTR { return sent }
                }
            }
        }
    }
}
