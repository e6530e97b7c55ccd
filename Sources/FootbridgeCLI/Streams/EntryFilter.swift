import FootbridgeJQ
import RedisStreams

/// Which entries a jq program passes. It sees what a route's `filter` sees: `id`, `stream`, `timestamp`, `fields`.
///
/// What it fails for does not pass. The first such entry is told of, the others are counted: most often they are of another
/// kind than the ones that are looked for.
final class EntryFilter {
    private let machine: JQMachine
    private let program: JQMachine.Program
    private(set) var failures = 0

    init(_ program: String) throws {
        machine = try JQMachine()
        self.program = try machine.compile(program)
    }

    func passes(_ message: Message) -> Bool {
        do throws(JQFailure) {
            return try result(of: message)
        } catch {
            failures += 1
            if failures == 1 {
                let words = EscapedText.line("\(error)".utf8, columns: 300)
                complain("footbridge: --where fails for \(message.id), which is left out: \(words)")
            }
            return false
        }
    }

    /// Says how many it failed for, unless that was said.
    func end() {
        if failures > 1 { complain("footbridge: --where failed for \(failures) entries, which are left out") }
    }

    private func result(of message: Message) throws(JQFailure) -> Bool {
        defer { machine.end() }
        var (id, stream) = (message.id.description, message.name.bytes)
        let begun = id.withUTF8 { id in
            stream.withUnsafeMutableBytes { stream in
                message.fields.withUnsafeFields { fields -> Result<Void, JQFailure> in
                    do throws(JQFailure) {
                        return .success(
                            try machine.begin(
                                id: UnsafeRawBufferPointer(id), stream: UnsafeRawBufferPointer(stream),
                                timestamp: Double(message.id.milliseconds) / 1000, attempt: 1, fields: fields))
                    } catch {
                        return .failure(error)
                    }
                }
            }
        }
        try begun.get()
        return try machine.passes(program)
    }
}
