internal import FootbridgeHTTP

/// `/healthz`: whether the process is worth keeping. Redis and endpoints do not count: a restart would not mend them.
struct HealthReport: Encodable, Equatable {
    let status: String
    let workers: Int
    /// The numbers of the workers whose loops did not come to a question within a second.
    let stuck: [Int]

    init(loops: [Bool]) {
        stuck = loops.indices.filter { !loops[$0] }.map { $0 + 1 }
        status = stuck.isEmpty ? "ok" : "stuck"
        workers = loops.count
    }

    var answer: HTTPAnswer { .json(stuck.isEmpty ? 200 : 503, self) }
}
