import Foundation
import Glibc
import TestSupport
import TestThreads
import Testing

@testable import Footbridge

@Suite(.longRunning) struct LogSinkTests {
    private func line(_ text: String) -> LogLine {
        var line = LogLine()
        line.append(text)
        return line
    }

    @Test func `lines of several threads come out whole`() async {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        // Beyond PIPE_BUF (4096), where the kernel alone would not keep them apart.
        let lines = ["a", "b", "c", "d"].map { String(repeating: $0, count: 10_000) + "\n" }
        // A thread of its own: the sink gives lines up that nobody reads for long, and the pool may be busy.
        let end = Gate()
        nonisolated(unsafe) var data = Data()
        Thread {
            data = pipe.fileHandleForReading.readDataToEndOfFile()
            end.open()
        }.start()
        await withTaskGroup { group in
            for text in lines {
                group.addTask { for _ in 0..<20 { sink.write(self.line(text)) } }
            }
        }
        try? pipe.fileHandleForWriting.close()
        #expect(end.wait())
        let read = String(decoding: data, as: UTF8.self).split(separator: "\n").map { String($0) + "\n" }
        #expect(read.sorted() == lines.flatMap { line in [String](repeating: line, count: 20) })
    }

    @Test func `a reader that stops reading holds up nobody, though the pipe blocks`() async throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let start = ContinuousClock.now
        // Much more than a pipe holds.
        for _ in 0..<100 { sink.write(line(String(repeating: "x", count: 10_000) + "\n")) }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `a reader that is slow holds up nobody for long`() {
        let pipe = Pipe()
        let read = pipe.fileHandleForReading.fileDescriptor
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let end = ContinuousClock.now + .seconds(4)
        let reader = Thread {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while ContinuousClock.now < end, Glibc.read(read, &buffer, 4096) > 0 { usleep(50_000) }
        }
        reader.start()
        var waited = Duration.zero
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            sink.write(line(String(repeating: "x", count: 4000) + "\n"))
            waited += ContinuousClock.now - start
            usleep(1000)
        }
        // Half a second, and then a twentieth of the time; without a bound it would be nearly all of it.
        #expect(waited < .seconds(2))
    }

    @Test func `a reader that went away is ignored`() {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try? pipe.fileHandleForReading.close()
        LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor).write(line("lost\n"))
        #expect(errno == EPIPE)
    }

    @Test func `a full pipe costs lines, and the next whole line starts on its own`() {
        let pipe = Pipe()
        let (read, write) = (pipe.fileHandleForReading.fileDescriptor, pipe.fileHandleForWriting.fileDescriptor)
        _ = fcntl(write, F_SETFL, fcntl(write, F_GETFL) | O_NONBLOCK)
        let capacity = Int(fcntl(write, F_GETPIPE_SZ))
        let sink = LogSink(descriptor: write)
        sink.write(line(String(repeating: "x", count: capacity + 100) + "\n"))
        var buffer = [UInt8](repeating: 0, count: capacity)
        #expect(Glibc.read(read, &buffer, capacity) == capacity)
        sink.write(line("after\n"))
        let count = Glibc.read(read, &buffer, capacity)
        #expect(String(decoding: buffer[..<max(0, count)], as: UTF8.self) == "\nafter\n")
    }
}

/// linux/fcntl.h, F_LINUX_SPECIFIC_BASE + 8.
private let F_GETPIPE_SZ: Int32 = 1032
