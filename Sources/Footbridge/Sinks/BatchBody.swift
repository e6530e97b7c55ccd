internal import FootbridgeWebhooks

/// Puts the bodies of several entries together into one.
struct BatchBody {
    private let format: BatchConfig.Format
    private let maximumBytes: Int
    /// Whether each body is JSON whatever its entry holds.
    private let isJSON: Bool
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    /// Of the entries, one after the other.
    private var ids: [UInt8] = []

    init(_ config: BatchConfig, isJSON: Bool) {
        format = config.format
        maximumBytes = config.maximumBytes
        self.isJSON = isJSON
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
        ids.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Adds what `write` appends.
    ///
    /// - Parameter id: the entry's `webhook-id`.
    /// - Returns: `false` if it does not fit; the first always does.
    /// - Throws: what `write` throws, or if its bytes are not JSON. Then, and if it does not fit, all is as before.
    mutating func add(
        id: [UInt8], _ write: (inout [UInt8]) throws(UnmakeableRequest) -> Void
    ) throws(UnmakeableRequest) -> Bool {
        let end = bytes.count
        if format == .array { bytes.append(UInt8(ascii: count == 0 ? "[" : ",")) }
        let start = bytes.count
        do throws(UnmakeableRequest) {
            try write(&bytes)
            try check(from: start)
        } catch {
            bytes.removeLast(bytes.count - end)
            throw error
        }
        if format == .ndjson { endLine(from: start) }
        guard count == 0 || bytes.count + (format == .array ? 1 : 0) <= maximumBytes else {
            bytes.removeLast(bytes.count - end)
            return false
        }
        ids.append(contentsOf: id)
        count += 1
        return true
    }

    private func check(from start: Int) throws(UnmakeableRequest) {
        guard !isJSON else { return }
        let isValue = bytes.withUnsafeBytes { JSONSyntax.isValue(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        guard isValue else { throw UnmakeableRequest(description: "is no JSON, and cannot be part of a batch") }
    }

    /// A line break in JSON can only be white space.
    private mutating func endLine(from start: Int) {
        for index in start..<bytes.count where bytes[index] == 10 || bytes[index] == 13 {
            bytes[index] = UInt8(ascii: " ")
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// No more is added.
    ///
    /// - Parameter id: gets the `webhook-id` of just these entries in this order.
    mutating func finish(_ id: inout [UInt8]) throws(UnmakeableRequest) {
        if format == .array { bytes.append(UInt8(ascii: "]")) }
        do throws(LibcryptoError) {
            try MessageID.appendBatch(of: ids, to: &id)
        } catch {
            throw UnmakeableRequest(description: "no webhook-id: \(error)")
        }
    }
}
