import FootbridgeCurl
import RedisStreams
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
        #expect(tenure.isCertain(at: at(41)) == !mayBeLost)
    }

    @Test func `nothing is certain until Redis has told what is left, and it is asked once at a time`() {
        var tenure = doubtful()
        let number = tenure.beginVerification()
        let asksAgain = tenure.confirm(sentAt: at(71), answeredAt: at(72))
        #expect(!asksAgain)
        #expect(!tenure.isCertain(at: at(73)))
        tenure.endVerification(number, answered: true)
        #expect(tenure.isCertain(at: at(73)))
    }

    @Test func `others may have taken what is missing after claim_after in silence, until Redis has told what is left`()
    {
        var tenure = Tenure(claimAfter: .seconds(60))
        #expect(!tenure.mayBeLost(at: at(3600)))
        _ = tenure.confirm(sentAt: at(1), answeredAt: at(1))
        #expect(!tenure.mayBeLost(at: at(60)))
        #expect(tenure.mayBeLost(at: at(61)))
        _ = tenure.confirm(sentAt: at(70), answeredAt: at(70))
        #expect(tenure.mayBeLost(at: at(70)))
        let number = tenure.beginVerification()
        #expect(tenure.mayBeLost(at: at(71)))
        tenure.endVerification(number, answered: true)
        #expect(!tenure.mayBeLost(at: at(71)))
    }

    @Test func `without an answer Redis is asked again after the next sign of life`() {
        var tenure = doubtful()
        let number = tenure.beginVerification()
        tenure.endVerification(number, answered: false)
        #expect(!tenure.isCertain(at: at(71)))
        let asksAgain = tenure.confirm(sentAt: at(72), answeredAt: at(72))
        #expect(asksAgain)
    }

    @Test func `an answer from before another silence does not count`() {
        var tenure = doubtful()
        let first = tenure.beginVerification()
        let asksAgain = tenure.confirm(sentAt: at(140), answeredAt: at(140))
        #expect(asksAgain)
        let second = tenure.beginVerification()
        tenure.endVerification(first, answered: true)
        #expect(!tenure.isCertain(at: at(141)))
        tenure.endVerification(second, answered: true)
        #expect(tenure.isCertain(at: at(141)))
    }

    /// Silent from 1 s to 70 s.
    private func doubtful() -> Tenure {
        var tenure = Tenure(claimAfter: .seconds(60))
        _ = tenure.confirm(sentAt: at(1), answeredAt: at(1))
        _ = tenure.confirm(sentAt: at(70), answeredAt: at(70))
        return tenure
    }

    @Test func `answers that overtake each other do not turn time back`() {
        var tenure = Tenure(claimAfter: .seconds(60))
        _ = tenure.confirm(sentAt: at(20), answeredAt: at(21))
        _ = tenure.confirm(sentAt: at(10), answeredAt: at(22))
        #expect(tenure.isCertain(at: at(49)))
    }
}
