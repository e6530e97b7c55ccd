import Foundation

/// A directory that goes away with its last reference.
///
/// The path is short, for a unix socket's may have 107 bytes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(parent)/fb-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSupportError.system("mkdtemp") }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of `name` in this directory, whether it exists or not.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    public func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
    }

    /// Writes a file and gives its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}
