import Glibc

/// An advisory lock on a file (flock(2)), free again when its holder closes it or dies, however it dies.
///
/// The lock belongs to the open file, so a child that inherits the descriptor holds it on.
final class FileLock {
    enum Attempt {
        case acquired(FileLock)
        /// `pid` is what the holder wrote into the file.
        case taken(pid: Int32?)
        case failed(errno: Int32)
    }

    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Takes the lock or says at once who has it. The file is made if it is missing and never removed.
    static func acquire(_ path: String) -> Attempt {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { return .failed(errno: errno) }
        // Above what `posix_spawn` sets up in the child (0 … 3), so that nothing is overwritten there.
        let descriptor = fcntl(opened, F_DUPFD_CLOEXEC, 10)
        let failure = errno
        close(opened)
        guard descriptor >= 0 else { return .failed(errno: failure) }
        let lock = FileLock(descriptor: descriptor)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return .taken(pid: lock.writtenPID) }
            if errno != EINTR { return .failed(errno: errno) }
        }
        return .acquired(lock)
    }

    /// Gives the lock up, also for children that were just being started and hold the descriptor until their exec.
    func release() {
        flock(descriptor, LOCK_UN)
    }

    /// Notes who holds the lock, for the message of those who do not get it.
    func write(pid: Int32) {
        let text = Array("\(pid)\n".utf8)
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.count, 0)
    }

    private var writtenPID: Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
