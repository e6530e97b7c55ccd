import Testing

@testable import Footbridge

struct BatchLimitTests {
    private let policy = RetryPolicy(attempts: 5)

    private func limit(_ attempts: Int, charged: Int, mark: RefusalMark = .none, policy: RetryPolicy? = nil) -> Int {
        Batches.limit(
            attempts: attempts, charged: charged, mark: mark, policy: policy ?? self.policy, maximum: 100)
    }

    @Test func `after each failure a quarter, and the last attempt alone`() {
        #expect((0..<5).map { limit($0, charged: $0) } == [100, 25, 6, 1, 1])
        #expect((0..<3).map { limit($0, charged: $0, policy: RetryPolicy(attempts: 2)) } == [100, 1, 1])
        // Attempts that cost nothing, such as those of an endpoint that is down, leave it its company.
        #expect(limit(40, charged: 0) == 100)
        #expect(limit(1_000_000, charged: 900, policy: RetryPolicy(attempts: 1_000_000)) == 1)
    }

    @Test func `whoever has but one attempt shares the first, which costs nothing then`() {
        let once = RetryPolicy(attempts: 1)
        #expect(limit(0, charged: 0, policy: once) == 100)
        #expect(limit(1, charged: 0, policy: once) == 1)
    }

    @Test func `an entry that was refused by itself stays alone`() {
        let refused = RefusalMark(generation: .first, isMessageRefused: true)
        #expect(limit(1, charged: 0, mark: refused) == 1)
        #expect(limit(1, charged: 0, mark: RefusalMark(generation: .first, isMessageRefused: false)) == 100)
    }
}
