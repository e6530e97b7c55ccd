import FootbridgeCurl
import RedisStreams
import Testing

@testable import Footbridge

/// At 20 a second: 50 ms between requests.
struct RefusalRunTests {
    private func request(at seconds: Double) -> Attempt {
        Attempt(entry: entry(1), mark: .none, generation: .first, startedAt: at(seconds), isProbe: false)
    }

    @Test func `gaps grow threefold from 0.3 of the distance to a second`() {
        var run = RefusalRun(request(at: 0), rate: 20, now: at(0))
        var gaps = [run.gap]
        for number in 1...5 {
            _ = run.add(request(at: Double(number)), now: at(Double(number)))
            gaps.append(run.gap)
        }
        #expect(gaps == [15, 45, 135, 405, 1000, 1000].map { .milliseconds($0) })
    }

    @Test func `what was on its way already tells nothing new`() {
        var run = RefusalRun(request(at: 0), rate: 20, now: at(0.1))
        let isStragglerNews = run.add(request(at: 0.05), now: at(0.15))
        #expect(!isStragglerNews && run.gap == .milliseconds(15))
        let isNextNews = run.add(request(at: 0.115), now: at(0.215))
        #expect(isNextNews && run.gap == .milliseconds(45))
    }

    @Test func `the third refusal is proof, if the run has lasted as long as two requests`() {
        var run = RefusalRun(request(at: 0), rate: 20, now: at(0))
        #expect(!run.isProof(rate: 20, now: at(9)))
        _ = run.add(request(at: 0.015), now: at(0.015))
        #expect(!run.isProof(rate: 20, now: at(9)))
        _ = run.add(request(at: 0.06), now: at(0.06))
        #expect(!run.isProof(rate: 20, now: at(0.099)) && run.isProof(rate: 20, now: at(0.1)))
        #expect(!run.isProof(rate: 1, now: at(1.9)) && run.isProof(rate: 1, now: at(2)))
        #expect(!run.isProof(rate: 500, now: at(0.099)) && run.isProof(rate: 500, now: at(0.1)))
    }

    @Test func `after a pause the first refusal is proof`() {
        var run = RefusalRun(pausedAt: at(0))
        _ = run.add(request(at: 60), now: at(60.02))
        #expect(run.isProof(rate: 4, now: at(60.02)))
    }

    @Test func `an acceptance ends it, but not of what had started before`() {
        let run = RefusalRun(request(at: 1), rate: 20, now: at(1.1))
        #expect(run.isEnded(by: request(at: 1)) && run.isEnded(by: request(at: 2)))
        #expect(!run.isEnded(by: request(at: 0.99)))
    }
}
