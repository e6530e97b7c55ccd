import Glibc

/// The log file of the embedded redis-server, from which an error quotes.
enum RedisLog {
    /// Bytes; 0 if there is no file.
    static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The last three lines that were written behind `start`, on one line.
    static func tail(_ path: String, from start: Int) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = pread(file, &bytes, bytes.count, off_t(max(start, size(path) - bytes.count)))
        guard count > 0 else { return "" }
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.suffix(3).joined(separator: " | ")
    }
}
