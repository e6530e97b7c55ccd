import Testing

@testable import Footbridge

struct SlipTests {
    @Test(arguments: [
        ("orders", "order"), ("ordesr", "orders"), ("oders", "orders"), ("Orders", "orders"),
        ("order-events", "order_events"),
        ("shop:cusotmers", "shop:customers"), ("shop:custmer", "shop:customers"),
    ])
    func `a letter or two`(name: String, other: String) {
        #expect(isSlip(name, other))
        #expect(isSlip(other, name))
    }

    @Test(arguments: [
        ("orders", "orders-v2"), ("orders1", "orders2"), ("orders-v3", "orders-v2"), ("orders.eu", "orders"),
        ("orders", "orders:dlq"),
        ("order", "order-events"), ("ab", "cd"), ("cats", "dogs"), ("eu:orders", "orders"), ("", "orders"),
    ])
    func `two things`(name: String, other: String) {
        #expect(!isSlip(name, other))
        #expect(!isSlip(other, name))
    }
}
