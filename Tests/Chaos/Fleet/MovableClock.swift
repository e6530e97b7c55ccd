import Foundation
import TestSupport

/// A wall clock of one process that can be moved while it runs (libfaketime). The monotonic clock goes on as it is.
struct MovableClock {
    private let file: String

    /// Where Debian's package `faketime` puts it; `nil` if it is not installed.
    static let library: String? = {
        let root = "/usr/lib"
        let places = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return places.map { "\(root)/\($0)/faketime/libfaketimeMT.so.1" }.first(
            where: FileManager.default.fileExists(atPath:))
    }()

    init(_ file: String) throws {
        self.file = file
        try step(to: 0)
    }

    /// So many seconds ahead of the machine's; the process notices within a second.
    func step(to seconds: Int) throws {
        let text = "\(seconds < 0 ? "" : "+")\(seconds)\n"
        try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
    }

    /// For the process that is to go by it.
    var environment: [String: String] {
        [
            "LD_PRELOAD": Self.library ?? "", "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        ]
    }
}
