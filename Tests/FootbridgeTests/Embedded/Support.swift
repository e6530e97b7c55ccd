import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import Footbridge

/// A directory of a test, with a short path; gone afterwards.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/fb-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A client for tests: one inline command, one connection, and the whole reply as text; `nil` if nobody answers.
func redis(_ socketPath: String, _ command: String) -> String? {
    guard let address = UnixAddress(socketPath) else { return nil }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    guard address.withSockaddr({ connect(descriptor, $0, $1) }) == 0 else { return nil }
    // QUIT ends the connection behind the reply, and with it the text.
    let bytes = Array("\(command)\r\nQUIT\r\n".utf8)
    guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return nil }
    var reply: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { break }
        reply += buffer[..<count]
    }
    let text = String(decoding: reply, as: UTF8.self)
    return text.hasSuffix("+OK\r\n") ? String(text.dropLast("+OK\r\n".utf8.count - 1)) : nil
}

/// `process_id` of INFO server.
func serverPID(_ socketPath: String) -> Int32? {
    let lines = redis(socketPath, "INFO server")?.split(whereSeparator: \.isNewline) ?? []
    return lines.first { $0.hasPrefix("process_id:") }.flatMap { Int32($0.dropFirst("process_id:".count)) }
}

/// The rights to a file; `nil` if it is not there.
func permissions(_ path: String) -> UInt32? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

/// Whether the process runs; a zombie does not.
func isRunning(_ pid: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return status.split(separator: ")").last.map { !$0.hasPrefix(" Z") && !$0.hasPrefix(" X") } ?? false
}

/// The first value that is there within 20 seconds.
func eventually<Value>(_ value: () -> Value?) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
        if let value = value() { return value }
        try #require(ContinuousClock.now < deadline, "nothing came within 20 seconds")
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Keeps the messages of a logger.
final class RecordingLog: Sendable {
    private let lines = Mutex<[String]>([])

    var messages: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        let log: RecordingLog

        init(log: RecordingLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.level): \(event.message)") }
        }
    }
}
