import Foundation
import Glibc
import TestSupport
import Testing

@testable import FootbridgeCurl

struct PinnedRequestTests {
    private static func request(_ count: Int) -> RequestBuffer {
        var buffer = RequestBuffer()
        buffer.addHeader("a") { $0.append(UInt8(ascii: "1")) }
        buffer.body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        return buffer
    }

    @Test(arguments: [0, 1, 1000, 262_144, 262_145, 1 << 20])
    func `a body is copied, whatever its size and what was there before`(count: Int) {
        var pinned = PinnedRequest()
        defer { pinned.free() }
        for size in [count, 300_000, count] {
            let buffer = Self.request(size)
            let isLoaded = pinned.load(buffer, followedBy: nil)
            #expect(isLoaded)
            #expect(pinned.bodyCount == size)
            #expect(pinned.body.map { Array(UnsafeRawBufferPointer(start: $0, count: size)) } == buffer.body)
            pinned.shrink()
        }
    }

    #if !FOOTBRIDGE_SANITIZED  // A sanitizer has memory of its own.
        /// In a process of its own, so that nothing else moves its memory.
        @Test func `the memory of a large body goes back`() async {
            await #expect(processExitsWith: .success) {
                /// Pages of 4 KiB in memory: the second number of `/proc/self/statm`.
                func resident() -> Int {
                    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
                    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                }
                var buffer = RequestBuffer()
                buffer.body = [UInt8](repeating: 1, count: 64 << 20)
                var pinned = PinnedRequest()
                let isLoaded = pinned.load(buffer, followedBy: nil)
                let full = resident()
                pinned.shrink()
                exit(isLoaded && full - resident() >= 15_000 ? 0 : 1)
            }
        }

        /// In a process of its own, with a bound on its memory.
        @Test func `a body for which there is no memory does not end the process`() async {
            await #expect(processExitsWith: .success) {
                let buffer = Self.request(8 << 20)
                var limit = rlimit()
                limit.rlim_cur = 1 << 20
                limit.rlim_max = limit.rlim_cur
                setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
                var pinned = PinnedRequest()
                let isLoaded = pinned.load(buffer, followedBy: nil)
                exit(isLoaded ? 1 : 0)
            }
        }
    #endif
}
