/// Makes values of the bytes of a connection, however these are cut.
///
/// Give it bytes with `append`, then call `next` until that returns `nil`. A scanner looks at each byte once to find
/// where the reply ends (bodies are stepped over); then the reply is built, its strings being slices of the one buffer.
public struct RESPDecoder: Sendable {
    private var scanner: ReplyScanner
    /// Bytes from some reply's beginning; never changed once a value holds a slice of it.
    private var buffer: [UInt8] = []
    /// Where the reply that is being read begins.
    private var start = 0
    private var isShared = false
    private var failure: RESPError?

    public init(limits: RESPLimits = RESPLimits()) {
        scanner = ReplyScanner(limits: limits)
    }

    /// Bytes that no value has been made of yet.
    public var bufferedBytes: Int { buffer.count - start }

    /// Takes over bytes that arrived, copying them. After an error they are dropped.
    ///
    /// Drain `next` first: what is left of a buffer that values hold is copied, and should be less than a reply.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, !bytes.isEmpty else { return }
        if isShared {
            // Appending to the shared buffer would copy all of it, values' bytes included.
            let tail = buffer[start...]
            var fresh: [UInt8] = []
            fresh.reserveCapacity(tail.count + bytes.count)
            fresh.append(contentsOf: tail)
            buffer = fresh
            start = 0
            isShared = false
        } else if start > 0, start >= bufferedBytes {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next reply or push, or `nil` if more bytes are needed.
    ///
    /// - Throws: `RESPError` if the bytes are no reply or beyond a limit; every later call throws the same.
    public mutating func next() throws(RESPError) -> RESPValue? {
        if let failure { throw failure }
        guard start < buffer.count else { return nil }
        do {
            guard try scan() else { return nil }
        } catch {
            failure = error
            buffer = []
            start = 0
            throw error
        }
        let value = build()
        start += scanner.position
        scanner.reset()
        if start == buffer.count { releaseBuffer() }
        return value
    }

    // Each in a function of its own, so that none of their references to the buffer makes a later change copy it.

    private mutating func scan() throws(RESPError) -> Bool {
        let bytes = buffer
        return try scanner.scan(bytes.span.extracting(start...))
    }

    private mutating func build() -> RESPValue {
        var builder = ReplyBuilder(buffer: buffer, start: start)
        let value = builder.value(scanner.tokens.span)
        isShared = isShared || builder.tookSlices
        return value
    }

    /// The values own the buffer from now on; if there are none, a small one is used again.
    private mutating func releaseBuffer() {
        if isShared || buffer.capacity > 64 << 10 {
            buffer = []
        } else {
            buffer.removeAll(keepingCapacity: true)
        }
        start = 0
        isShared = false
    }
}
