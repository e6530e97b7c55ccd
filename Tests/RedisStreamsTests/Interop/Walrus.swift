import Foundation
import Synchronization
import TestSupport

/// walrus 0.9.8 in a process of its own (`walrus_peer.py`): `try await walrus("db.Stream('s').add({'n': 1})")`.
///
/// What it answers is a `RedisReply`: text, integers, lists, nil. Entries are `[id, [[name, value], …]]`, and a message of a
/// time series is `[stream, milliseconds, sequence, [[name, value], …]]`.
final class Walrus: Sendable {
    private let process: ChildProcess
    private let input: FileHandle
    /// How many bytes of the output were taken; held by the call that waits for an answer.
    private let taken = Mutex(0)

    /// - Parameter timeZone: what walrus takes times without a zone for.
    init(_ server: RedisServer, timeZone: String = "UTC") throws {
        let python = Repository.path(".venv/bin/python")
        guard let script = Bundle.module.path(forResource: "walrus_peer", ofType: "py"),
            FileManager.default.isExecutableFile(atPath: python)
        else { throw TestSupportError("there is no .venv/bin/python with walrus: `make test` installs it") }
        let pipe = Pipe()
        input = pipe.fileHandleForWriting
        process = try ChildProcess(
            python, [script, "\(server.port)"], environment: ["TZ": timeZone],
            inputFile: "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    }

    /// The value of a Python expression; a statement has none.
    ///
    /// - Throws: what Python raised.
    @discardableResult
    func callAsFunction(_ python: String) async throws -> RedisReply {
        let answer = try await answer(to: python)
        if let error = answer["error"] { throw TestSupportError("\(python): \(error)") }
        return try RedisReply(json: answer["value"])
    }

    /// What Python raises, `Type: text`; `nil` if it does not.
    func failure(of python: String) async throws -> String? { try await answer(to: python)["error"] as? String }

    private func answer(to python: String) async throws -> [String: Any] {
        let line = try await onThread { [self] in
            try taken.withLock { taken in
                try input.write(contentsOf: JSONEncoder().encode(python) + Data("\n".utf8))
                try process.waitForOutput(containing: "\n", after: taken, timeout: .seconds(20))
                let line = Data(process.output.utf8.dropFirst(taken).prefix { $0 != UInt8(ascii: "\n") })
                taken += line.count + 1
                return line
            }
        }
        return try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
    }
}

extension RedisReply {
    fileprivate init(json: Any?) throws {
        switch json {
        case let text as String: self = .bulk(Array(text.utf8))
        case let integer as Int: self = .integer(Int64(integer))
        case let elements as [Any]: self = .array(try elements.map(RedisReply.init(json:)))
        case is NSNull: self = .null
        default: throw TestSupportError("neither text, nor integer, list or null: \(String(describing: json))")
        }
    }
}
