internal import CFootbridgeCurl

/// Memory that libcurl reads while a transfer runs: it must neither move nor change until the transfer has ended.
struct PinnedRequest {
    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var nodes: UnsafeMutablePointer<curl_slist>
    private var nodeCapacity = 16
    private(set) var bodyCount = 0
    private var bodyStart = 0

    init() {
        nodes = .allocate(capacity: nodeCapacity)
        nodes.initialize(repeating: curl_slist(), count: nodeCapacity)
    }

    mutating func free() {
        release()
        nodes.deallocate()
    }

    /// The longest request whose memory is kept between transfers.
    private static let keptBytes = 256 * 1024

    /// Copies the request; `false` if there is no memory.
    mutating func load(_ request: borrowing RequestBuffer, followedBy fixed: UnsafeMutablePointer<curl_slist>?) -> Bool
    {
        let headerCount = request.headers.count
        let starts = request.starts
        if starts.count > nodeCapacity { allocateNodes(starts.count) }
        bodyCount = request.body.count
        bodyStart = headerCount
        let needed = headerCount + bodyCount + 1
        if bytes.count < needed {
            release()
            guard allocate(max(1024, needed)) else { return false }
        }
        request.headers.withUnsafeBytes { bytes.copyMemory(from: $0) }
        request.body.withUnsafeBytes { body in
            UnsafeMutableRawBufferPointer(rebasing: bytes[headerCount...]).copyMemory(from: body)
        }
        guard let base = bytes.baseAddress else { return false }
        for (index, start) in starts.enumerated() {
            nodes[index].data = base.advanced(by: start).assumingMemoryBound(to: CChar.self)
            nodes[index].next = index + 1 < starts.count ? nodes + (index + 1) : fixed
        }
        return true
    }

    private mutating func allocateNodes(_ count: Int) {
        nodes.deallocate()
        nodes = .allocate(capacity: count)
        nodes.initialize(repeating: curl_slist(), count: count)
        nodeCapacity = count
    }

    /// Gives the memory of a large body back; to be called when the transfer has ended.
    mutating func shrink() {
        if bytes.count > Self.keptBytes { release() }
    }

    /// What will not be kept comes from the kernel and goes back to it. After the first large `free` glibc takes such
    /// memory from its heap and seldom gives it back (M_MMAP_THRESHOLD in mallopt(3)), and Swift's allocation ends the
    /// process if there is none.
    private mutating func allocate(_ count: Int) -> Bool {
        guard count > Self.keptBytes else {
            bytes = .allocate(byteCount: count, alignment: 16)
            return true
        }
        let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != UnsafeMutableRawPointer(bitPattern: -1) else { return false }
        bytes = UnsafeMutableRawBufferPointer(start: pages, count: count)
        return true
    }

    private mutating func release() {
        if bytes.count > Self.keptBytes { munmap(bytes.baseAddress, bytes.count) } else { bytes.deallocate() }
        bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    var body: UnsafeRawPointer? { bytes.baseAddress.map { UnsafeRawPointer($0 + bodyStart) } }

    /// The list for CURLOPT_HTTPHEADER: libcurl only reads it, and a node is a string and a pointer
    /// (<https://curl.se/libcurl/c/curl_slist_append.html>), so no node or string is allocated per request.
    func list(count: Int, fixed: UnsafeMutablePointer<curl_slist>?) -> UnsafeMutablePointer<curl_slist>? {
        count > 0 ? nodes : fixed
    }
}
