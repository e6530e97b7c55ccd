import Foundation
import Glibc
import Testing

@testable import Footbridge

/// Messages and variables: sd_notify(3), sd_watchdog_enabled(3).
@Suite(.serialized) struct SystemdNotifyTests {
    @Test(arguments: ["/tmp/fb-notify-\(getpid()).sock", "@fb-notify-\(getpid())-Grüße"])
    func `each message is one datagram, to a path and to an abstract name`(address: String) throws {
        let receiver = try DatagramReceiver(address)
        let notify = SystemdNotify(notifySocket: address)
        notify.ready()
        notify.status("delivering 3 routes\n1 open breaker")
        notify.watchdog()
        notify.stopping()
        #expect(
            (0..<4).map { _ in receiver.next() }
                == ["READY=1", "STATUS=delivering 3 routes 1 open breaker", "WATCHDOG=1", "STOPPING=1"])
    }

    @Test(arguments: [nil, "", "@", "relative", "/nowhere/notify.sock", "/" + String(repeating: "x", count: 200)])
    func `without a socket that can be reached nothing happens`(address: String?) {
        let notify = SystemdNotify(notifySocket: address)
        notify.ready()
        notify.watchdog()
        #expect(notify.watchdogInterval == nil)
    }

    @Test(
        arguments: [
            ("30000000", nil, Duration.seconds(15)), ("30000000", "\(getpid())", .seconds(15)), ("30000000", "1", nil),
            (nil, nil, nil), ("0", nil, nil), ("-5", nil, nil), ("99999999999999999999", nil, nil), ("soon", nil, nil),
        ] as [(String?, String?, Duration?)])
    func `the watchdog is fed twice in its time`(microseconds: String?, pid: String?, interval: Duration?) {
        let notify = SystemdNotify(notifySocket: "@x", watchdogMicroseconds: microseconds, watchdogPID: pid)
        #expect(notify.watchdogInterval == interval)
    }

    @Test func `the variables are read once and not left to children`() throws {
        let address = "@fb-environment-\(getpid())"
        let receiver = try DatagramReceiver(address)
        setenv("NOTIFY_SOCKET", address, 1)
        setenv("WATCHDOG_USEC", "2000000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        let notify = SystemdNotify.fromEnvironment()
        let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
        #expect(names.filter { name in getenv(name) != nil } == [])
        notify.ready()
        #expect(receiver.next() == "READY=1")
        #expect(notify.watchdogInterval == .seconds(1))
    }

    @Test func `a reader that does not read cannot hold up the watchdog`() throws {
        let address = "@fb-full-\(getpid())"
        let receiver = try DatagramReceiver(address)
        let notify = SystemdNotify(notifySocket: address)
        // More than any queue holds (net.unix.max_dgram_qlen); it would wait a second for each if it waited.
        let time = ContinuousClock().measure { for _ in 0..<5_000 { notify.watchdog() } }
        #expect(time < .seconds(5))
        #expect(receiver.next() == "WATCHDOG=1")
    }
}

private final class DatagramReceiver {
    private let descriptor: Int32
    private let path: String?

    init(_ text: String) throws {
        path = text.hasPrefix("/") ? text : nil
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // The address is put together by hand, so that UnixAddress is not its own witness.
        var bytes = [UInt8](repeating: 0, count: 2)
        bytes[0] = UInt8(AF_UNIX)
        bytes += text.hasPrefix("@") ? [0] + Array(text.utf8.dropFirst()) : Array(text.utf8) + [0]
        let bound = bytes.withUnsafeBytes { pointer in
            bind(descriptor, pointer.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        if let path { unlink(path) }
    }

    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
}
