internal import CFootbridgeCurl

/// A byte stream over TCP, a unix socket or TLS, opened by libcurl (CURLOPT_CONNECT_ONLY); it never blocks.
///
/// Belongs to the thread of its loop: make it, use it and close it there.
public final class CurlSocket {
    /// What a `CurlSocket` tells its owner, on the loop.
    public protocol Owner: AnyObject {
        /// Bytes came. They are valid during the call only.
        func socketReceived(_ bytes: UnsafeRawBufferPointer)
        /// The stream has ended: `nil` if the peer closed it in order. The last call.
        func socketClosed(_ failure: TransportFailure?)
    }

    /// Where it leads.
    public let peer: SocketTarget.Address
    private let loop: CurlLoop
    private let connected: ConnectedHandle
    private let easy: UnsafeMutableRawPointer
    private let descriptor: Int32
    private weak var owner: (any Owner)?
    private var isOpen = true
    private var isWaitingToWrite = false
    /// Bytes under way. Over TLS a write that was refused must be repeated from the same address with the same length
    /// (error 55 otherwise), so this buffer stays as it is until all of it is written; new bytes wait in `queued`.
    private var sending = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var filled = 0
    private var sent = 0
    private var queued: [UInt8] = []
    private var isReadScheduled = false
    /// When the peer took bytes last: a long command that is on its way is not late.
    public private(set) var lastSent = MonotonicTime(nanoseconds: 0)

    /// Connects without blocking the loop; `completion` is called on the loop, once, unless what is returned is cancelled.
    /// When the loop ends first, it is called with `.cancelled`.
    @discardableResult
    public static func connect(
        _ target: SocketTarget, on loop: CurlLoop, completion: @escaping (Result<CurlSocket, TransportFailure>) -> Void
    ) -> ConnectingSocket { ConnectingSocket(target, on: loop, completion) }

    init(loop: CurlLoop, _ connected: ConnectedHandle, to peer: SocketTarget.Address) {
        self.peer = peer
        self.loop = loop
        self.connected = connected
        (easy, descriptor) = (connected.easy, connected.descriptor)
    }

    deinit {
        close()
        sending.deallocate()
    }

    /// Reads what has arrived, before the loop comes to it.
    public func readNow() { read() }

    /// Starts receiving.
    public func open(_ owner: any Owner) {
        self.owner = owner
        let isWatched = loop.descriptors.watch(descriptor) { [weak self] in self?.ready($0) }
        loop.dependents[ObjectIdentifier(self)] = { [weak self] in self?.fail(.loopEnded) }
        if !isWatched { fail(TransportFailure(kind: .other, message: "the kernel does not watch the socket")) }
        // TLS may hold bytes that it has read along with the handshake: the kernel would not report those.
        readSoon()
    }

    /// Bytes that are not written yet.
    public var unsentBytes: Int { filled - sent + queued.count }

    /// Queues bytes and writes what the peer takes now.
    public func write(_ bytes: [UInt8]) {
        guard isOpen else { return }
        queued.append(contentsOf: bytes)
        if !isWaitingToWrite { flush() }
    }

    public func close() {
        guard isOpen else { return }
        isOpen = false
        loop.dependents[ObjectIdentifier(self)] = nil
        loop.descriptors.forget(descriptor)
        connected.close()
    }

    private func ready(_ readiness: Readiness) {
        if readiness.contains(.write) { flush() }
        if readiness.contains(.read) { read() }
    }

    private func flush() {
        while isOpen, sent < filled || refill() {
            guard let base = sending.baseAddress else { return }
            var count = 0
            // In portions: over TLS nothing counts as sent before all of one call is. A portion begins and ends where the one
            // that was refused did, for both depend on `sent` alone.
            switch curl_easy_send(easy, base + sent, min(filled - sent, Self.portionBytes), &count) {
            case CURLE_OK:
                sent += count
                lastSent = loop.now
            case CURLE_AGAIN:
                setWaitingToWrite(true)
                return
            case let code:
                fail(broken(code))
                return
            }
        }
        setWaitingToWrite(false)
    }

    /// Moves the queue into the buffer that libcurl writes from; `false` if there is nothing to send.
    private func refill() -> Bool {
        sent = 0
        filled = queued.count
        if sending.count < filled || sending.count > Self.keptBytes {
            sending.deallocate()
            sending = .allocate(byteCount: max(filled, 4096), alignment: 16)
        }
        queued.withUnsafeBytes { sending.copyMemory(from: $0) }
        queued.removeAll(keepingCapacity: queued.capacity <= Self.keptBytes)
        return filled > 0
    }

    /// The longest buffer kept when there is nothing to send.
    private static let keptBytes = 256 * 1024

    private static let portionBytes = 64 * 1024

    private func setWaitingToWrite(_ waiting: Bool) {
        guard isOpen, waiting != isWaitingToWrite else { return }
        isWaitingToWrite = waiting
        loop.descriptors.setWriting(waiting, descriptor)
    }

    private func read() {
        // Until "again": TLS may hold a whole record that the kernel does not report. Bounded, so that one busy socket
        // does not starve the loop, and what other threads asked for meanwhile leaves before more is read: else a peer that
        // answers at length and we would take turns instead of working at the same time.
        for portion in 0..<4 {
            guard isOpen else { return }
            if portion > 0, loop.hasWork { break }
            var count = 0
            let code = curl_easy_recv(easy, loop.scratch.baseAddress, loop.scratch.count, &count)
            switch code {
            case CURLE_OK where count > 0:
                owner?.socketReceived(UnsafeRawBufferPointer(rebasing: loop.scratch[0..<count]))
            case CURLE_OK:
                fail(nil)
                return
            case CURLE_AGAIN: return
            default:
                fail(broken(code))
                return
            }
        }
        readSoon()
    }

    private func readSoon() {
        guard !isReadScheduled else { return }
        isReadScheduled = true
        loop.schedule(after: .zero) { [weak self] in
            self?.isReadScheduled = false
            self?.read()
        }
    }

    /// libcurl says what has happened, and not to which connection.
    private func broken(_ code: CURLcode) -> TransportFailure {
        let failure = TransportFailure(code)
        return failure.with(message: "the connection to \(peer) broke: \(failure.message)")
    }

    private func fail(_ failure: TransportFailure?) {
        guard isOpen else { return }
        close()
        let owner = owner
        self.owner = nil
        owner?.socketClosed(failure)
    }
}
