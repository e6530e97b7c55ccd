/// One connection of a `ScriptedReceiver`, on its own thread from acceptance to end.
struct ReceiverConnection {
    let socket: StreamSocket
    let number: Int
    let state: Monitor<ScriptedReceiver.State>
    let script: ScriptedReceiver.Script

    func run(_ action: ConnectionAction) {
        switch action {
        case .serve: serve()
        case .reset: socket.resetOnClose()
        case .close: break
        case .ignore: waitForStop(.seconds(3600))
        }
    }

    /// Ends with the connection: an error here is the sender's end of it, which tests see in what the sender does.
    private func serve() {
        var reader = RequestReader(socket)
        do {
            while let request = try reader.next() {
                guard try perform(record(request)) else { return }
            }
        } catch {}
    }

    private func record(_ request: RequestReader.Request) -> ReceiverAction {
        let id = request.headers.first { $0.name.lowercased() == "webhook-id" }?.value
        let earlier = state.withLock { state in
            guard let id else { return 0 }
            defer { state.seen[id, default: 0] += 1 }
            return state.seen[id] ?? 0
        }
        var received = ReceivedRequest(
            time: .now, connection: number, method: request.method, path: request.path, headers: request.headers,
            body: request.body, earlier: earlier)
        received.action = script(received)
        state.withLock { $0.ledger.append(received) }
        return received.action
    }

    /// Whether the connection goes on.
    private func perform(_ action: ReceiverAction) throws -> Bool {
        switch action {
        case .answer(let status, let headers, let body):
            try socket.sendAll(answer(status, headers, body))
        case .answerAfter(let delay, let status):
            waitForStop(delay)
            try socket.sendAll(answer(status))
        case .answerWhenOpen(let gate, let status):
            state.withLock { $0.gates[number] = gate }
            let isOpen = gate.wait(timeout: .seconds(60)) { state.value.isStopped }
            state.withLock { $0.gates[number] = nil }
            guard isOpen else { return false }
            try socket.sendAll(answer(status))
        case .slow(let status, let body, let pause):
            for byte in answer(status, [:], body) {
                try socket.sendAll([byte])
                if waitForStop(pause) { return false }
            }
        case .raw(let text):
            try socket.sendAll(Array(text.utf8))
            return false
        case .halfAnswer(let status):
            try socket.sendAll(Array("HTTP/1.1 \(status) Half\r\ncontent-length: 100\r\n\r\n0123456789".utf8))
            return false
        case .hang:
            waitForStop(.seconds(3600))
            return false
        case .closeWithoutAnswer:
            return false
        case .reset:
            socket.resetOnClose()
            return false
        }
        return true
    }

    private func answer(_ status: Int, _ headers: [String: String] = [:], _ body: String = "") -> [UInt8] {
        var lines = ["HTTP/1.1 \(status) Scripted"]
        lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        // 204 and 304 have no body, so a length would be wrong (RFC 9110, 8.6).
        if status != 204 && status != 304 { lines.append("content-length: \(body.utf8.count)") }
        return Array("\(lines.joined(separator: "\r\n"))\r\n\r\n\(body)".utf8)
    }

    /// Waits, but not beyond the receiver's stop; whether that came.
    @discardableResult
    private func waitForStop(_ time: Duration) -> Bool { state.wait(timeout: time) { $0.isStopped } }
}
