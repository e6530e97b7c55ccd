/// What differs from request to request: header lines and body, built in place and reused from one request to the next.
public struct RequestBuffer {
    /// The bytes of the body.
    public var body: [UInt8] = []
    /// In place of the handle's own; empty: that one.
    public var url: [UInt8] = []
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
        addValue(write)
    }

    /// The same for a name that the configuration has: a token.
    public mutating func addHeader(_ name: [UInt8], _ write: (inout [UInt8]) -> Void) {
        starts.append(headers.count)
        headers.append(contentsOf: name)
        addValue(write)
    }

    @inline(__always)
    private mutating func addValue(_ write: (inout [UInt8]) -> Void) {
        headers.append(UInt8(ascii: ":"))
        headers.append(UInt8(ascii: " "))
        let value = headers.count
        write(&headers)
        for byte in headers[value...] where byte < 0x20 && byte != 0x09 || byte == 0x7f { isValid = false }
        headers.append(0)
    }

    /// The header lines, for people.
    public var lines: [String] { headers.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } }

    public mutating func removeAll() {
        if !url.isEmpty { url.removeAll(keepingCapacity: true) }
        body.removeAll(keepingCapacity: body.capacity <= 256 * 1024)
        headers.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        isValid = true
    }
}
