import TestSupport

/// Figures that lie, and what does not come to rest.
extension Forgery {
    static var accounts: [Forgery] {
        let calm = "metrics equal the ledgers after the calm beginning"
        let lives = "metrics and logs agree with the ledgers over whole lives"
        return [
            Forgery("a delivery that nobody received is counted in the calm", caughtBy: calm) {
                $0.misreport = { $0[0].calmFigures?.add(1, to: "entries_delivered_total") }
            },
            Forgery("something is still said to be waiting", caughtBy: calm) {
                $0.misreport = { $0[0].calmFigures?.add(1, to: "entries_parked") }
            },
            Forgery("the log counts a delivery too few", caughtBy: lives) {
                $0.misreport = { $0[1].lastWords?.delivered -= 1 }
            },
            Forgery("retries are not counted", caughtBy: lives) {
                $0.fail(20, .status503, times: 1)
                $0.receive(20, at: 25, attempt: 2)
                $0.misreport = { $0[2].lastWords?.retried = 0 }
            },
            Forgery("metrics and log differ", caughtBy: lives) {
                $0.misreport = { $0[1].endFigures?.add(1, to: "entries_dead_lettered_total") }
            },
            Forgery("a dead letter that the log names is not there", caughtBy: lives) {
                $0.misreport = {
                    $0[1].buried = [ForgedLedger.id(20)]
                    $0[1].lastWords?.dead = 1
                    $0[1].endFigures?.add(1, to: "entries_dead_lettered_total")
                }
            },
        ]
    }

    static var surroundings: [Forgery] {
        let rest = "all drained"
        let base = "memory and descriptors at base line"
        let lives = "bridges run until they are stopped"
        return [
            Forgery("nobody takes over", caughtBy: "dark time after kill -9") {
                $0.strike(.kill, at: 20) { $0.darkTime = .infinity }
            },
            Forgery("a kill that was not measured", caughtBy: "dark time after kill -9") { $0.strike(.kill, at: 20) },
            Forgery("a slow hand-over", caughtBy: "hand-over after SIGTERM") {
                $0.strike(.terminate, at: 20) { $0.handOver = 1.5 }
            },
            Forgery("something is left", caughtBy: rest) { $0.isDrained = false },
            Forgery("a bridge does not end in good order", caughtBy: rest) { $0.exits[1] = .signal(11) },
            Forgery("memory is not given back", caughtBy: base) {
                $0.misreport = { $0[1].end = Footprint(residentKiB: 40_000, descriptors: 20) }
            },
            Forgery("descriptors are not given back", caughtBy: base) {
                $0.misreport = { $0[1].end = Footprint(residentKiB: 20_000, descriptors: 60) }
            },
            Forgery("a bridge fell by itself", caughtBy: lives) { $0.fallen = ["a ended by itself"] },
            Forgery("a kind of fault never came", caughtBy: lives) {
                $0.settings.kinds = [.cut, .trim]
                for second in [20.0, 25, 30, 40] { $0.strike(.trim, at: second) }
            },
            Forgery("a fault went wrong", caughtBy: lives) {
                $0.strike(.trim, at: 20) { $0.complaints = ["it did not come about"] }
            },
        ]
    }
}

extension Figures {
    mutating func add(_ count: Int, to name: String) { values["footbridge_\(name)", default: 0] += Double(count) }
}
