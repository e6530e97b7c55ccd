import TestSupport

/// How soon others go on, and whether all comes to rest.
extension History {
    func darkTime() -> Check {
        let limit = Settings.claimAfter + 1
        let times = faults.compactMap(\.darkTime)
        var failures = times.filter { $0 > limit }.map { "\($0) s until others had the entries" }
        let kills = faults.count { $0.fault.kind == .kill }
        if kills > times.count { failures.append("\(kills - times.count) kills were not measured") }
        return Check(
            "dark time after kill -9", "\(times.count) kills, longest \(Self.text(times.max())), limit \(limit) s",
            failures: failures)
    }

    func handOver() -> Check {
        let times = faults.compactMap(\.handOver)
        var failures = times.filter { $0 > 1 }.map { "\($0) s until others had the entries" }
        let stops = faults.count { $0.fault.kind == .terminate }
        if stops > times.count { failures.append("\(stops - times.count) stops were not measured") }
        return Check(
            "hand-over after SIGTERM",
            "\(times.count) stops, longest \(Self.text(times.max())), limit 1 s; their duplicates would have no reason",
            failures: failures)
    }

    func drained() -> Check {
        var failures = isDrained ? [] : ["entries are still pending or unread"]
        for (bridge, exit) in exits.enumerated() where exit != .status(0) {
            failures.append("bridge \(bridge) ended with \(exit.map { "\($0)" } ?? "nothing")")
        }
        return Check("all drained", isDrained ? "nothing pending, nothing unread" : "-", failures: failures)
    }

    /// Memory and descriptors of each bridge at the end, against those of all after the calm beginning.
    func baseLine() -> Check {
        let base = runs.compactMap(\.base)
        let end = runs.compactMap(\.end)
        guard let memory = base.map(\.residentKiB).max(), let descriptors = base.map(\.descriptors).max() else {
            return Check("memory and descriptors at base line", "-", failures: ["no base line"])
        }
        var failures: [String] = []
        // A quarter and 8 MiB: what an allocator keeps after a burst.
        for footprint in end where footprint.residentKiB > memory * 5 / 4 + 8192 {
            failures.append("\(footprint.residentKiB) KiB")
        }
        // The calm may have had no need of all connections to the receiver.
        for footprint in end where footprint.descriptors > descriptors + inFlight {
            failures.append("\(footprint.descriptors) descriptors")
        }
        return Check(
            "memory and descriptors at base line",
            "\(memory / 1024) MiB and \(descriptors) at first, "
                + "\((end.map(\.residentKiB).max() ?? 0) / 1024) MiB and \(end.map(\.descriptors).max() ?? 0) at the end",
            failures: failures)
    }

    func surroundings() -> Check {
        let complaints = faults.flatMap { record in record.complaints.map { "\(record.fault): \($0)" } }
        // A run of two rounds or more that left a kind out has proven less than it says.
        let missing = Set(settings.kinds).subtracting(faults.map(\.fault.kind)).map {
            "no \($0) in \(faults.count) faults"
        }
        return Check(
            "bridges run until they are stopped",
            "\(runs.count) starts, \(Set(faults.map(\.fault.kind)).count) kinds of fault",
            failures: fallen + complaints + (faults.count >= 2 * settings.kinds.count ? missing.sorted() : []))
    }

    private static func text(_ seconds: Double?) -> String {
        seconds.map { "\(($0 * 1000).rounded() / 1000) s" } ?? "-"
    }
}
