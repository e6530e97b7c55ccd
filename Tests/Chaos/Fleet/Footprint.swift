import Foundation

extension Footprint {
    /// From /proc; `nil` if the process is gone.
    init?(of pid: pid_t) {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let resident = Int(line.filter(\.isNumber)),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
        else { return nil }
        self.init(residentKiB: resident, descriptors: descriptors.count)
    }
}
