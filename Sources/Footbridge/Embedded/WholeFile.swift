import FootbridgeCurl
import Glibc

/// Files that are there as a whole, for their owner alone.
enum WholeFile {
    static func write(_ text: String, to path: String) throws(SystemFailure) {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemFailure(code: errno) }
        let bytes = Array(text.utf8)
        // Regular files take all of it, or the disk is full.
        let isWhole = fchmod(descriptor, 0o600) == 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        let failure = errno
        close(descriptor)
        guard isWhole else { throw SystemFailure(code: failure == 0 ? ENOSPC : failure) }
        guard rename(draft, path) == 0 else { throw SystemFailure(code: errno) }
    }

    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
