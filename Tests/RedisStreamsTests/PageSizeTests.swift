import Testing

@testable import RedisStreams

struct PageSizeTests {
    @Test func `pages grow to a megabyte, and large entries make them small`() {
        var size = PageSize()
        func page(_ bytes: Int) -> [StreamEntry] {
            [StreamEntry(id: .zero, fields: ["f": [UInt8](repeating: 0, count: bytes)])]
        }
        var counts: [Int] = []
        for bytes in [100, 100, 100, 10 << 20, 10 << 20, 100] {
            size.adapt(to: page(bytes))
            counts.append(size.count)
        }
        #expect(counts == [128, 1000, 1000, 1, 1, 8])
        size.adapt(to: [])
        #expect(size.count == 8)
    }
}
