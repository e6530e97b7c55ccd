import Curl
import Testing

@testable import Footbridge

struct TenureTests {
    private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func `nothing is certain before the first sign of life, nor half of claim_after after the last`() {
        var tenure = Tenure(claimAfter: .seconds(60))
        #expect(!tenure.isCertain(at: at(1)))
        let mayBeLost = tenure.confirm(sentAt: at(1), answeredAt: at(2))
        #expect(!mayBeLost)
        #expect(tenure.isCertain(at: at(30)))
        #expect(!tenure.isCertain(at: at(31)))
    }

    @Test(arguments: [(60, false), (61, true), (3600, true)])
    func `entries may have been taken if the server saw nothing for claim_after`(answeredAt: Int64, mayBeLost: Bool) {
        var tenure = Tenure(claimAfter: .seconds(60))
        _ = tenure.confirm(sentAt: at(1), answeredAt: at(1))
        let mustAsk = tenure.confirm(sentAt: at(40), answeredAt: at(answeredAt))
        #expect(mustAsk == mayBeLost)
        #expect(tenure.isCertain(at: at(41)))
    }

    @Test func `while Redis is asked what is left, nothing is certain`() {
        var tenure = Tenure(claimAfter: .seconds(60))
        _ = tenure.confirm(sentAt: at(1), answeredAt: at(1))
        tenure.isBeingVerified = true
        #expect(!tenure.isCertain(at: at(2)))
    }

    @Test func `answers that overtake each other do not turn time back`() {
        var tenure = Tenure(claimAfter: .seconds(60))
        _ = tenure.confirm(sentAt: at(20), answeredAt: at(21))
        _ = tenure.confirm(sentAt: at(10), answeredAt: at(22))
        #expect(tenure.isCertain(at: at(49)))
    }
}
