internal import CCurl
internal import Glibc

/// What differs from request to request: header lines and body, built in place and reused from one request to the next.
public struct RequestBuffer {
    /// The bytes of the body.
    public var body: [UInt8] = []
    private(set) var headers: [UInt8] = []
    private(set) var starts: [Int] = []

    public init() {}

    /// Whether every header line was safe; a request with a forbidden one must not be sent.
    public private(set) var isValid = true

    /// Adds `name: value`. The value is what `write` appends; it may hold no control bytes.
    ///
    /// 7.88.1 sends header lines as they are, CR and LF included (CURLOPT_HTTPHEADER(3)): an unsafe line makes the whole
    /// buffer invalid.
    public mutating func addHeader(_ name: StaticString, _ write: (inout [UInt8]) -> Void) {
        starts.append(headers.count)
        name.withUTF8Buffer { headers.append(contentsOf: $0) }
        headers.append(UInt8(ascii: ":"))
        headers.append(UInt8(ascii: " "))
        let value = headers.count
        write(&headers)
        for byte in headers[value...] where byte < 0x20 && byte != 0x09 || byte == 0x7f { isValid = false }
        headers.append(0)
    }

    public mutating func removeAll() {
        body.removeAll(keepingCapacity: body.capacity <= 256 * 1024)
        headers.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        isValid = true
    }
}

/// Memory that libcurl reads while a transfer runs: it must neither move nor change until the transfer has ended.
struct PinnedRequest {
    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var nodes: UnsafeMutablePointer<curl_slist>
    private let nodeCapacity = 16
    private(set) var bodyCount = 0
    private var bodyStart = 0

    init() {
        nodes = .allocate(capacity: nodeCapacity)
        nodes.initialize(repeating: curl_slist(), count: nodeCapacity)
    }

    func free() {
        bytes.deallocate()
        nodes.deallocate()
    }

    /// The longest body kept allocated between transfers.
    private static let keptBytes = 256 * 1024

    /// Copies the request; `false` if it has more header lines than there are nodes.
    mutating func load(_ request: borrowing RequestBuffer, followedBy fixed: UnsafeMutablePointer<curl_slist>?) -> Bool
    {
        let headerCount = request.headers.count
        let starts = request.starts
        guard starts.count <= nodeCapacity else { return false }
        bodyCount = request.body.count
        bodyStart = headerCount
        let needed = headerCount + bodyCount + 1
        if bytes.count < needed {
            bytes.deallocate()
            bytes = .allocate(byteCount: max(1024, needed), alignment: 16)
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

    /// Gives the memory of a large body back; to be called when the transfer has ended.
    mutating func shrink() {
        guard bytes.count > Self.keptBytes else { return }
        bytes.deallocate()
        bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    var body: UnsafeRawPointer? { bytes.baseAddress.map { UnsafeRawPointer($0 + bodyStart) } }

    /// The list for CURLOPT_HTTPHEADER: libcurl only reads it, and a node is a string and a pointer
    /// (<https://curl.se/libcurl/c/curl_slist_append.html>), so no node or string is allocated per request.
    func list(count: Int, fixed: UnsafeMutablePointer<curl_slist>?) -> UnsafeMutablePointer<curl_slist>? {
        count > 0 ? nodes : fixed
    }
}
