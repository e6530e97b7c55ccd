import FootbridgeCurl
import Glibc

/// A file that is read whole, or standard input.
struct InputFile {
    static let standardInput = InputFile(path: "-")

    /// `-` for standard input.
    let path: String

    /// - Throws: the exit code, after the trouble was told.
    func read() throws -> [UInt8] {
        do throws(SystemFailure) {
            guard path != "-" else { return try Self.read(STDIN_FILENO) }
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemFailure(code: errno) }
            defer { close(descriptor) }
            return try Self.read(descriptor)
        } catch {
            let name = path == "-" ? "standard input" : path
            throw failure("\(name) cannot be read: \(error)", CommandExit.badInput)
        }
    }

    private static func read(_ descriptor: Int32) throws(SystemFailure) -> [UInt8] {
        var (bytes, part) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemFailure(code: errno) }
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
    }
}
