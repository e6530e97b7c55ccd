import Foundation
import TestSupport

/// All starts of all bridges, with what they logged. Belongs to the thread of the faults.
final class RunBook {
    private(set) var runs: [Run] = []
    private var processes: [Int: ChildProcess] = [:]
    /// Of processes that ended.
    private var logs: [Int: String] = [:]

    func begin(bridge: Int) -> Int {
        runs.append(Run(bridge: bridge, startedAt: .now))
        return runs.count - 1
    }

    func keep(_ process: ChildProcess, of run: Int) { processes[run] = process }

    func tellToEnd(_ run: Int) {
        guard runs.indices.contains(run), runs[run].toldToEnd == nil else { return }
        runs[run].toldToEnd = .now
    }

    func end(_ run: Int) {
        guard runs.indices.contains(run), runs[run].endedAt == nil else { return }
        runs[run].endedAt = .now
        logs[run] = log(of: run)
        runs[run].buried = lines(with: "entry dead-lettered", of: [run]).compactMap {
            line in
            let stream = Int(line["stream"]?.split(separator: "-").last ?? "") ?? 0
            return line["entry"].flatMap { EntryID($0, stream: stream) }
        }
        if processes[run]?.exit == .status(0) {
            runs[run].lastWords = LastWords(summaries: lines(with: "summary", of: [run]))
        }
        processes[run] = nil
    }

    /// Memory and metrics of all that run.
    func measure(_ footprint: WritableKeyPath<Run, Footprint?>, _ figures: WritableKeyPath<Run, Figures?>) {
        for (run, process) in processes {
            runs[run][keyPath: footprint] = Footprint(of: process.pid)
            runs[run][keyPath: figures] = self.figures(of: run)
        }
    }

    /// What the metrics of all that run say now, those that answer.
    var figures: [Figures] { processes.keys.compactMap(figures) }

    private func figures(of run: Int) -> Figures? {
        let address = lines(with: "admin server listens", of: [run]).last?["address"] ?? ""
        return address.split(separator: ":").last.flatMap { UInt16($0) }.flatMap { try? Figures(port: $0) }
    }

    func log(of run: Int) -> String { logs[run] ?? processes[run]?.errorOutput ?? "" }

    /// Lines with this message that these runs logged, with their metadata.
    func lines(with message: String, of runs: [Int]) -> [[String: String]] {
        runs.flatMap { run in
            log(of: run).split(separator: "\n").filter { $0.contains(message) }.compactMap { line in
                guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    object["message"] as? String == message
                else { return nil }
                return object.mapValues { "\($0)" }
            }
        }
    }

    /// Writes the logs of all runs, for whoever looks into a failure.
    func write(to directory: String) throws {
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (number, run) in runs.enumerated() {
            let file = "\(directory)/\(number)-\(["a", "b", "c"][run.bridge]).log"
            try Data(log(of: number).utf8).write(to: URL(filePath: file))
        }
    }
}
