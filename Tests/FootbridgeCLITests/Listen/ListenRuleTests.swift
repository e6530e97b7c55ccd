import Testing

@testable import footbridge

struct ListenRuleTests {
    @Test func `the share of failures is what was asked for`() {
        var dice = SeededGenerator(seed: 1)
        let rule = ListenRule(status: 202, failRate: 0.3, failStatus: 500)
        let statuses = (0..<10_000).map { _ in
            rule.answer(to: .sample(), roll: .random(in: 0..<1, using: &dice)).status
        }
        #expect(Set(statuses) == [202, 500])
        // Three standard deviations of a binomial of 10,000 at 0.3 are 137.
        #expect((2863...3137).contains(statuses.count { $0 == 500 }))
    }

    @Test func `0 never fails and 1 always does`() {
        #expect(ListenRule(failRate: 0).answer(to: .sample(), roll: 0) == .init(status: 200))
        #expect(ListenRule(failRate: 1).answer(to: .sample(), roll: 0.999_999) == .init(status: 503))
    }

    @Test func `with a secret, only what is signed with it is taken`() {
        let rule = ListenRule(delay: .seconds(1), wantsSignature: true)
        #expect(rule.answer(to: .sample(signature: .ok), roll: 0.5) == .init(status: 200, delay: .seconds(1)))
        #expect(
            rule.answer(to: .sample(signature: .unsigned), roll: 0.5)
                == .init(status: 401, body: "unsigned", delay: .seconds(1)))
        #expect(
            rule.answer(to: .sample(signature: .wrong("too old")), roll: 0.5)
                == .init(status: 401, body: "signature WRONG: too old", delay: .seconds(1)))
    }

    /// First outputs for the seed 1234567, as published with the xoshiro generators' test values.
    @Test func `the same seed gives the same numbers`() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in generator.next() }
                == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }
}
