import Testing
import Webhooks

@testable import Footbridge

struct EndpointHealthTests {
    private let failure = Outcome.outage(.timedOut)

    private func changes(_ outcomes: [Outcome]) -> [EndpointHealth.Change?] {
        var health = EndpointHealth()
        return outcomes.map { health.note($0) }
    }

    @Test func `three failures in a row are told once, and the first answer after them`() {
        #expect(
            changes([failure, failure, failure, failure, .delivered(status: 200), .delivered(status: 200)])
                == [nil, nil, .fails(failure), nil, .answers, nil])
    }

    @Test func `failures between answers are not worth a word`() {
        #expect(
            changes([failure, failure, .delivered(status: 200), failure, failure, .messageRefused(status: 422), failure])
                == Array(repeating: nil, count: 7))
    }

    @Test func `any answer is an answer`() {
        for answer in [Outcome.messageRefused(status: 400), .routeRefused(.status(401)), .routeRefused(.status(410))] {
            #expect(changes([failure, failure, failure, answer]).last == .some(.answers))
        }
    }
}
