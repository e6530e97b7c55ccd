import Foundation
import Glibc
import TestSupport
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
        notify.extend(by: .seconds(25))
        #expect(
            (0..<5).map { _ in receiver.next() }
                == [
                    "READY=1", "STATUS=delivering 3 routes 1 open breaker", "WATCHDOG=1", "STOPPING=1",
                    "EXTEND_TIMEOUT_USEC=25000000",
                ])
    }

    /// sd_notify(3), from 253 on: the time when the reload began, by CLOCK_MONOTONIC, in the same message.
    @Test func `a reload says when it began`() throws {
        let address = "@fb-reload-\(getpid())"
        let receiver = try DatagramReceiver(address)
        func microseconds() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
        }
        let before = microseconds()
        SystemdNotify(notifySocket: address).reloading()
        let after = microseconds()
        let lines = try #require(receiver.next()).split(separator: "\n")
        #expect(lines.first == "RELOADING=1" && lines.count == 2)
        let time = try #require(lines.last.flatMap { Int($0.dropFirst("MONOTONIC_USEC=".count)) })
        #expect(before <= time && time <= after)
    }

    /// sd_notify(3): with `Type=notify-reload` both have to come in one message, in microseconds of CLOCK_MONOTONIC.
    @Test func `a reload tells when it began`() throws {
        let address = "@fb-reload-\(getpid())"
        let receiver = try DatagramReceiver(address)
        func now() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
        }
        let before = now()
        SystemdNotify(notifySocket: address).reloading()
        let lines = (receiver.next() ?? "").split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let told = lines.last.flatMap { $0.hasPrefix("MONOTONIC_USEC=") ? Int($0.dropFirst(15)) : nil }
        #expect((before...now()).contains(try #require(told)))
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
