import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Footbridge

/// <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>, read here as it is written there.
@Suite(.serialized) struct JournalLogHandlerTests {
    @Test func `an entry has the message, the priority and a field for each key`() throws {
        let journal = try Journal()
        var handler = JournalLogHandler(level: .info, socket: try journal.socket())
        handler.metadata = ["route": "orders"]
        handler.log(event: event(.warning, "requests fail", ["status": "503", "p50_ms": "1", "a.b-c": "x=y"]))
        let fields = try journal.next()
        #expect(
            fields == [
                "MESSAGE": "requests fail  route=orders status=503 p50_ms=1 a.b-c=x=y", "PRIORITY": "4",
                "SYSLOG_IDENTIFIER": "footbridge", "FOOTBRIDGE_EVENT": "requests fail", "FOOTBRIDGE_ROUTE": "orders",
                "FOOTBRIDGE_STATUS": "503", "FOOTBRIDGE_P50_MS": "1", "FOOTBRIDGE_A_B_C": "x=y",
            ])
    }

    @Test(arguments: [
        "two\nlines", "\n", "PRIORITY=0\nMESSAGE=forged", "a\0b\nc", "Grüße\n",
        String(repeating: "line\n", count: 1000),
    ])
    func `a value with line breaks stays one value`(value: String) throws {
        let journal = try Journal()
        JournalLogHandler(level: .info, socket: try journal.socket())
            .log(event: event(.error, "failed", ["error": "\(value)"]))
        let fields = try journal.next()
        #expect(fields["FOOTBRIDGE_ERROR"] == value && fields["PRIORITY"] == "3")
        #expect(fields["MESSAGE"]?.contains("\n") == false && fields.count == 5)
    }

    /// More than a datagram can have: the kernel's limit is below 64 MiB everywhere.
    @Test func `an entry that is too large comes as a sealed file`() throws {
        let journal = try Journal()
        let value = String(repeating: "0123456789abcdef\n", count: 1 << 20)
        JournalLogHandler(level: .info, socket: try journal.socket())
            .log(event: event(.error, "failed", ["error": "\(value)"]))
        let fields = try journal.next()
        #expect(fields["FOOTBRIDGE_ERROR"] == value)
        #expect(journal.seals == 0xf)
    }

    @Test func `what the journal does not take goes to standard error with its priority`() throws {
        let pipe = Pipe()
        let journal = try Journal()
        let handler = JournalLogHandler(
            level: .info, socket: try journal.socket(),
            sink: LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor))
        journal.close()
        handler.log(event: event(.warning, "m", ["route": "orders"]))
        #expect(
            String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "<4>warn  m  route=orders\n")
    }

    @Test func `a journal that was restarted is found again`() throws {
        let journal = try Journal()
        let handler = JournalLogHandler(level: .info, socket: try journal.socket())
        journal.close()
        let other = try Journal(path: journal.path)
        handler.log(event: event(.info, "m", [:]))
        #expect(try other.next()["FOOTBRIDGE_EVENT"] == "m")
    }

    @Test func `a journal that does not read holds up nobody for long`() throws {
        let pipe = Pipe()
        let journal = try Journal()
        let handler = JournalLogHandler(
            level: .info, socket: try journal.socket(),
            sink: LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor))
        let time = ContinuousClock().measure { for _ in 0..<2000 { handler.log(event: event(.info, "m", [:])) } }
        #expect(time < .seconds(5))
    }

    @Test func `the journal is chosen under systemd, if its socket is there`() throws {
        let journal = try Journal()
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        var status = stat()
        fstat(sink.descriptor, &status)
        let stream = "\(status.st_dev):\(status.st_ino)"
        func handler(_ format: LogFormat, _ socket: JournalSocket?) -> any LogHandler {
            LogSetup.makeHandler(
                level: .info, format: format, sink: sink, journal: { socket },
                variable: { $0 == "JOURNAL_STREAM" ? stream : nil })
        }
        let socket = try journal.socket()
        #expect(handler(.auto, socket) is JournalLogHandler)
        #expect(handler(.journald, socket) is JournalLogHandler)
        #expect(handler(.auto, nil) is TextLogHandler)
        #expect(handler(.json, socket) is JSONLogHandler)
        #expect(JournalSocket(path: "/nowhere/socket") == nil)
    }
}

/// A journal: a bound socket, and what it reads from it.
private final class Journal {
    let path: String
    private let directory: TemporaryDirectory?
    private var descriptor: Int32
    /// Of the file that came last.
    private(set) var seals: Int32 = 0

    init(path: String? = nil) throws {
        directory = path == nil ? try TemporaryDirectory() : nil
        self.path = path ?? "\(directory?.path ?? "")/socket"
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(self.path.utf8)) }
        unlink(self.path)
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    func socket() throws -> JournalSocket { try #require(JournalSocket(path: path)) }

    /// The fields of the next entry.
    func next() throws -> [String: String] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var control = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    (message.msg_iov, message.msg_iovlen) = (part, 1)
                    (message.msg_control, message.msg_controllen) = (control.baseAddress, control.count)
                    return recvmsg(descriptor, &message, 0)
                }
            }
        }
        try #require(count >= 0)
        var entry = Array(bytes.prefix(count))
        if entry.isEmpty {
            // The only header: one descriptor, behind the sixteen bytes of its head.
            let file = control.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
            seals = fcntl(file, 1034)
            entry = Array(FileHandle(fileDescriptor: file, closeOnDealloc: true).readAllFromStart())
        }
        return try Self.fields(entry[...])
    }

    private static func fields(_ entry: ArraySlice<UInt8>) throws -> [String: String] {
        var (rest, fields) = (entry, [String: String]())
        while !rest.isEmpty {
            let end = try #require(rest.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\n") })
            let name = String(decoding: rest[..<end], as: UTF8.self)
            let value: ArraySlice<UInt8>
            if rest[end] == UInt8(ascii: "=") {
                value = rest[(end + 1)...].prefix { $0 != UInt8(ascii: "\n") }
            } else {
                let length = (1...8).reversed().reduce(0) { $0 << 8 | Int(rest[end + $1]) }
                value = rest[(end + 9)...].prefix(length)
            }
            try #require(fields.updateValue(String(decoding: value, as: UTF8.self), forKey: name) == nil)
            try #require(rest[value.endIndex] == UInt8(ascii: "\n"))
            rest = rest[(value.endIndex + 1)...]
        }
        return fields
    }
}

extension FileHandle {
    fileprivate func readAllFromStart() -> Data {
        seek(toFileOffset: 0)
        return readDataToEndOfFile()
    }
}
