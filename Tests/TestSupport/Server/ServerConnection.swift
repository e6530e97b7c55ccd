import Foundation

/// One accepted connection of a `StreamServer`, for its script. Calls block, at most half a minute each.
public final class ServerConnection: Sendable {
    /// From 0, in the order of acceptance.
    public let number: Int
    private let socket: StreamSocket
    private let state: Monitor<StreamServer.State>

    init(socket: StreamSocket, number: Int, state: Monitor<StreamServer.State>) {
        self.socket = socket
        self.number = number
        self.state = state
    }

    /// Some bytes; empty at the end.
    public func receive(atMost count: Int = 65_536) throws -> [UInt8] { try socket.receive(atMost: count) }

    /// Exactly so many bytes.
    public func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try socket.receive(atMost: min(count - bytes.count, 1 << 20))
            guard !more.isEmpty else { throw TestSupportError("ended after \(bytes.count) of \(count) bytes") }
            bytes += more
        }
        return bytes
    }

    /// The next bytes have to be these.
    public func expect(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let more = try socket.receive(atMost: min(rest.count, 1 << 20))
            guard !more.isEmpty, Array(rest.prefix(more.count)) == more else {
                let place = rest.startIndex > 0 ? " after \(rest.startIndex) bytes" : ""
                throw TestSupportError("expected \(Self.quoted(Array(rest))), received \(Self.quoted(more))\(place)")
            }
            rest = rest.dropFirst(more.count)
        }
    }

    public func expect(_ text: String) throws { try expect(Array(text.utf8)) }

    /// The peer has to close now, having sent nothing more.
    public func expectEnd() throws {
        let bytes = try socket.receive()
        guard bytes.isEmpty else { throw TestSupportError("expected the end, received \(Self.quoted(bytes))") }
    }

    /// Reads until the peer closes or resets.
    public func waitForEnd() {
        while let bytes = try? socket.receive(), !bytes.isEmpty {}
    }

    /// Passes everything on to a port of this machine, and its answers back, until one of the two ends.
    public func forward(to port: UInt16) throws {
        let other = try StreamSocket.connected(port: port)
        let back = socket
        Thread.detachNewThread {
            while let bytes = try? other.receive(atMost: 65_536), !bytes.isEmpty { try? back.sendAll(bytes) }
            back.shutDown()
        }
        while let bytes = try? socket.receive(atMost: 65_536), !bytes.isEmpty { try other.sendAll(bytes) }
        other.shutDown()
    }

    public func send(_ bytes: [UInt8]) throws { try socket.sendAll(bytes) }
    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends every byte in a packet of its own.
    public func sendInPieces(_ text: String) throws {
        socket.sendAtOnce()
        for byte in text.utf8 { try socket.sendAll([byte]) }
    }

    /// Has the kernel hold little of what was not received yet, so that the other side notices a slow script.
    public func receiveInSmallPortions() { socket.receiveInSmallPortions() }

    /// The end of the connection, which comes with the end of the script, will be RST.
    public func resetAtEnd() { socket.resetOnClose() }

    /// Ends the connection now; when this returns, the other side on this machine can see it.
    public func end() { socket.shutDown() }

    /// Waits for as long, or until the server stops.
    public func hang(_ time: Duration = .seconds(60)) { _ = state.wait(timeout: time) { $0.isStopped } }

    private static func quoted(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(400), as: UTF8.self).debugDescription
    }
}
