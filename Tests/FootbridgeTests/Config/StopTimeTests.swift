import Testing

@testable import Footbridge

struct StopTimeTests {
    private func advice(_ drain: Duration, _ variables: [String: String], isHeard: Bool = false) -> String? {
        var route = RouteConfig(
            name: "slow", streams: ["s"], group: "g",
            destination: .publish(PublishConfig(channel: TargetName("c"))), drainTimeout: drain)
        var config = BridgeConfig(redis: .embedded(), instance: "a", routes: [route])
        (route.name, route.drainTimeout) = ("quick", .seconds(1))
        config.routes.append(route)
        return StopTime.advice(config, variable: { variables[$0] }, isHeard: isHeard)?.description
    }

    @Test func `Kubernetes and systemd wait for so long only`() {
        let pod = ["KUBERNETES_SERVICE_HOST": "10.0.0.1"]
        #expect(advice(.seconds(20), pod) == nil)
        #expect(
            advice(.seconds(60), pod)
                == "routes.slow.drain_timeout: 60s may be longer than a stop may take: Kubernetes kills a pod after 30 s unless "
                + "terminationGracePeriodSeconds says otherwise; set it to 70 at least")
        let unit = ["INVOCATION_ID": "f"]
        #expect(advice(.seconds(80), unit) == nil)
        #expect(advice(.seconds(81), unit)?.contains("with Type=notify") == true)
        #expect(advice(.seconds(3600), unit, isHeard: true) == nil)
        #expect(advice(.seconds(3600), [:]) == nil)
    }
}
