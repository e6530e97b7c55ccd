import Foundation
import TestSupport

/// A wall clock of one process that can be moved while it runs. The monotonic clock goes on as it is.
///
/// A library that is loaded before all others adds an offset, which stands in a file that is mapped into memory. (The
/// runtime of Swift finds no command line under libfaketime, whose way of stepping this is otherwise.)
struct MovableClock {
    private let file: String

    init(_ file: String) throws {
        self.file = file
        try Data(count: 8).write(to: URL(filePath: file))
    }

    /// So many seconds ahead of the machine's, at once.
    func step(to seconds: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        defer { try? handle.close() }
        // In place: the file is mapped.
        try handle.write(contentsOf: withUnsafeBytes(of: Int64(seconds)) { Data($0) })
    }

    /// For the process that is to go by it.
    var environment: [String: String] { ["LD_PRELOAD": Self.library?.path ?? "", "CHAOS_CLOCK": file] }

    /// `nil` if there is no C compiler: then no fault moves a clock.
    static var isPossible: Bool { library != nil }

    private struct Library: Sendable {
        let directory: TemporaryDirectory
        var path: String { directory.file("clock.so") }
    }

    /// Built once per run, with the compiler that comes with Swift.
    private static let library: Library? = try? {
        let library = Library(directory: try TemporaryDirectory())
        let source = try library.directory.write(Self.source, to: "clock.c")
        let compiler = try ChildProcess("clang", ["-shared", "-fPIC", "-O1", "-o", library.path, source])
        guard try compiler.waitForExit(timeout: .seconds(60)) == .status(0) else {
            throw TestSupportError("clang: \(compiler.errorOutput)")
        }
        return library
    }()

    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile const long long *offset;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("CHAOS_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *place = mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
            if (place != MAP_FAILED) offset = place;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *now) {
            int result = syscall(SYS_clock_gettime, clock, now);
            int isWall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
            if (result == 0 && isWall && offset) now->tv_sec += *offset;
            return result;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            struct timespec precise;
            clock_gettime(CLOCK_REALTIME, &precise);
            now->tv_sec = precise.tv_sec;
            now->tv_usec = precise.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *place) {
            struct timespec precise;
            clock_gettime(CLOCK_REALTIME, &precise);
            if (place) *place = precise.tv_sec;
            return precise.tv_sec;
        }

        """
}
