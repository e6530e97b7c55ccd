import Glibc

/// Tells systemd how the service is doing (sd_notify(3)): one datagram of `KEY=value` lines to `$NOTIFY_SOCKET`.
///
/// Without that variable, so not under systemd, every call does nothing. A message that cannot be sent is dropped:
/// there is nobody to tell.
public final class SystemdNotify: Sendable {
    /// How often `watchdog()` is to be called: half of what the unit allows, or `nil` if it asks for no watchdog.
    public let watchdogInterval: Duration?

    /// Somebody listens.
    var isHeard: Bool { address != nil && socket >= 0 }

    private let address: UnixAddress?
    private let socket: Int32

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` and removes them for children.
    ///
    /// To be called once, before there are other threads: changing the environment is not safe beside `getenv`.
    public static func fromEnvironment() -> SystemdNotify {
        func take(_ name: String) -> String? {
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        return SystemdNotify(
            notifySocket: take("NOTIFY_SOCKET"), watchdogMicroseconds: take("WATCHDOG_USEC"),
            watchdogPID: take("WATCHDOG_PID"))
    }

    init(notifySocket: String?, watchdogMicroseconds: String? = nil, watchdogPID: String? = nil) {
        address = notifySocket.flatMap { UnixAddress($0) }
        socket = address == nil ? -1 : Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // sd_watchdog_enabled(3): the variable is meant for another process if the pid is another one.
        let isForUs = watchdogPID == nil || watchdogPID == String(getpid())
        let microseconds = isForUs && address != nil ? watchdogMicroseconds.flatMap { Int64($0) } : nil
        watchdogInterval = microseconds.flatMap { $0 > 0 ? .microseconds($0) / 2 : nil }
        // PID 1 may be slow to read; READY=1 is worth a moment, or the unit would run into its start timeout.
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        if socket >= 0 { close(socket) }
    }

    /// The bridge runs: units that wait for it may start.
    public func ready() { send("READY=1") }

    /// The configuration is being read again; `ready()` says that it was.
    ///
    /// From version 253 on (`Type=notify-reload`) systemd wants the time in the same datagram; earlier ones pass over it.
    public func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)")
    }

    /// The bridge drains and will end.
    public func stopping() { send("STOPPING=1") }

    /// The start or the end takes longer than the unit allows, and goes on: it gets this long from now.
    public func extend(by duration: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(duration.components.seconds * 1_000_000)", flags: MSG_DONTWAIT)
    }

    /// One line for `systemctl status`; line breaks become spaces.
    ///
    /// - Returns: whether it was sent; not if too many messages wait to be read.
    @discardableResult
    public func status(_ text: String) -> Bool {
        let line = text.unicodeScalars.map { $0.value < 0x20 ? " " : String($0) }.joined()
        return send("STATUS=" + line, flags: MSG_DONTWAIT)
    }

    /// The work goes on. From the loop that works, never from a timer of its own. Does not wait.
    public func watchdog() { send("WATCHDOG=1", flags: MSG_DONTWAIT) }

    @discardableResult
    private func send(_ message: String, flags: Int = 0) -> Bool {
        guard let address, socket >= 0 else { return false }
        var message = message
        return message.withUTF8 { bytes in
            address.withSockaddr { pointer, length in
                let flags = Int32(flags | Int(MSG_NOSIGNAL))
                while sendto(socket, bytes.baseAddress, bytes.count, flags, pointer, length) < 0 {
                    if errno != EINTR { return false }
                }
                return true
            }
        }
    }
}
