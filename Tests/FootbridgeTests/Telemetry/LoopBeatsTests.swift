import Glibc
import TestSupport
import TestThreads
import Testing

@testable import Footbridge
@testable import FootbridgeCurl

@Suite(.serialized, .ownThreads) struct LoopBeatsTests {
    @Test func `the watchdog is fed while all loops turn, and starves when one of them hangs`() async throws {
        let address = "@fb-beats-\(getpid())"
        let receiver = try DatagramReceiver(address)
        let notify = SystemdNotify(notifySocket: address, watchdogMicroseconds: "200000")
        let loops = try (0..<2).map { try CurlLoop(name: "beats-\($0)") }
        LoopBeats(notify, loops: loops).begin()
        for _ in 0..<3 { #expect(receiver.next() == "WATCHDOG=1") }

        let gate = Gate()
        let entered = Gate()
        loops[1].post {
            entered.open()
            _ = gate.wait()
        }
        #expect(entered.wait())
        // What was sent before is read; the other loop goes on by itself, and its beat feeds nobody.
        var rest = 0
        while rest < 20, receiver.next(within: .milliseconds(400)) != nil { rest += 1 }
        #expect(receiver.next(within: .seconds(1)) == nil)

        gate.open()
        #expect(receiver.next() == "WATCHDOG=1")
        for loop in loops { await loop.stop() }
    }

    @Test func `who asks for no watchdog gets none`() async throws {
        let address = "@fb-no-beats-\(getpid())"
        let receiver = try DatagramReceiver(address)
        let loop = try CurlLoop(name: "beats")
        LoopBeats(SystemdNotify(notifySocket: address), loops: [loop]).begin()
        #expect(receiver.next(within: .milliseconds(300)) == nil)
        await loop.stop()
    }
}
