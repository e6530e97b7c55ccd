import FootbridgeCurl
import RedisStreams

/// How far a group is in its streams, looked at each second.
struct GroupProgress {
    let redis: Redis
    let group: String
    let streams: [String]
    let json: Bool

    /// Without end; lost connections and a server that is away are waited for.
    ///
    /// - Throws: at the beginning if there is no such group; later that is shown.
    func follow() async throws {
        let output = LineOutput.standardOutput
        var screen = ProgressScreen(output: output, isInPlace: output.isTerminal && !json, json: json)
        var last: (sample: ProgressSample, time: ContinuousClock.Instant)?
        while true {
            do {
                let (sample, now) = (try await read(isFirst: last == nil), ContinuousClock.now)
                try screen.show(sample.with(ratesSince: last?.sample, after: last.map { now - $0.time }))
                last = (sample, now)
            } catch let failure as Redis.Failure where failure.isTransient && last != nil {
                try screen.show(away: failure)
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func read(isFirst: Bool) async throws -> ProgressSample {
        var sample = ProgressSample(milliseconds: UInt64(WallClock.milliseconds))
        for stream in streams {
            do {
                let info = try await redis.stream(stream).groups().first { $0.name == group }
                guard let info else { throw Redis.Failure(.noGroup, serverError: "no such group") }
                sample.rows.append(ProgressSample.Row(stream: stream, group: info))
            } catch let failure as Redis.Failure {
                switch failure.kind {
                case .noGroup where !isFirst, .noStream where !isFirst:
                    sample.rows.append(ProgressSample.Row(stream: stream, group: nil))
                default: throw failure
                }
            }
        }
        return sample
    }
}
