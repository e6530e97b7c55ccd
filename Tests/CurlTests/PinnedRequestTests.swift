import Glibc
import TestSupport
import Testing

@testable import Curl

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
