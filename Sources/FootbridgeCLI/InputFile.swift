import Foundation

/// A file that is read whole, or standard input.
struct InputFile {
    static let standardInput = InputFile(path: "-")

    /// `-` for standard input.
    let path: String

    /// - Throws: the exit code, after the trouble was told.
    func read() throws -> [UInt8] {
        do {
            let handle = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            return Array(try handle.readToEnd() ?? Data())
        } catch {
            throw failure("\(path) cannot be read: \(error.localizedDescription)", CommandExit.badInput)
        }
    }
}
