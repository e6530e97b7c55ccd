import Foundation
import TestSupport

/// A line of a bridge's log.
struct Log: Equatable {
    let level: String
    let message: String
    let metadata: [String: String]

    /// - Parameter line: a JSON object.
    init?(_ line: Substring) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
            let level = object["level"] as? String, let message = object["message"] as? String
        else { return nil }
        self.level = level
        self.message = message
        metadata = object.filter { !["time", "level", "message"].contains($0.key) }.mapValues { "\($0)" }
    }
}

extension ChildProcess {
    /// Lines with this message; all lines without.
    func logs(_ message: String? = nil) -> [Log] {
        errorOutput.split(separator: "\n").compactMap { Log($0) }.filter { message == nil || $0.message == message }
    }

    /// How many dead letters were told of: the first of a kind has a line, those that follow it share one for each second.
    var toldLetters: Int {
        logs("entry dead-lettered").reduce(0) { $0 + ($1.metadata["count"].flatMap(Int.init) ?? 1) }
    }

    /// What people were told more than once. `info` is not for them to act upon.
    var repetitions: [String] {
        Dictionary(grouping: logs().filter { $0.level != "info" }, by: \.message).filter { $0.value.count > 1 }
            .map { "\($0.key): \($0.value.count)" }.sorted()
    }

    /// Waits for a line whose message begins so.
    func waitForLog(_ message: String, timeout: Duration = .patience) throws {
        try waitForOutput(containing: "\"message\":\"\(message)", on: .error, timeout: timeout)
    }
}
