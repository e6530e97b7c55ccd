import FootbridgeCurl
import FootbridgeRedis
import Testing

@testable import Footbridge

@Suite struct ReloadPlanTests {
    private func route(
        _ name: String, _ streams: [String]? = nil, group: String? = nil, url: String = "http://a"
    ) -> RouteConfig {
        RouteConfig(
            name: name, streams: streams ?? [name], group: group ?? name,
            destination: .webhook(WebhookConfig(url: url)))
    }

    private func config(_ routes: [RouteConfig]) -> BridgeConfig {
        BridgeConfig(redis: .embedded(), instance: "a", routes: routes)
    }

    private func plan(_ old: [RouteConfig], _ new: [RouteConfig]) -> ReloadPlan {
        ReloadPlan(from: config(old), to: config(new))
    }

    @Test func `nothing leaves or begins where nothing has changed, in whatever order it stands`() {
        let plan = plan([route("a"), route("b")], [route("b"), route("a")])
        #expect(plan.kept == ["b", "a"])
        #expect(plan.fixed + plan.changed + plan.added + plan.removed + plan.renewed == [])
        #expect(plan.predecessors == [:])
        #expect("\(ReloadAnswer(plan))" == "nothing has changed in the routes")
    }

    @Test func `what changes, comes and goes is told by its name`() {
        let plan = plan(
            [route("a"), route("b"), route("c")], [route("new"), route("b", url: "http://b"), route("a")])
        #expect(plan.kept == ["a"])
        #expect(plan.changed == ["b"])
        #expect(plan.added == ["new"])
        #expect(plan.removed == ["c"])
        #expect(["a", "b", "c", "new"].map(plan.leaves) == [false, true, true, false])
        #expect(["a", "b", "c", "new"].map(plan.begins) == [false, true, false, true])
        #expect("\(ReloadAnswer(plan))" == "changed b; added new; removed c; 1 route untouched")
    }

    @Test func `a route begins when those are gone that read one of its streams in its group`() {
        let old = [route("a", ["x", "y"], group: "g"), route("b", ["z"], group: "g"), route("c", ["x"], group: "h")]
        // Renamed; and two that change their groups with one another.
        let renamed = plan(old, [route("a2", ["y", "w"], group: "g"), old[1], old[2]])
        #expect(renamed.predecessors == ["a2": ["a"]])
        let swapped = plan(old, [route("a", ["x", "y"], group: "h"), old[1], route("c", ["x"], group: "g")])
        #expect(swapped.predecessors == ["a": ["c"], "c": ["a"]])
        // Not for one that reads the same stream for itself.
        let other = plan(old, [route("d", ["x"]), old[1], old[2]])
        #expect(other.predecessors == ["d": []])
    }

    @Test func `other secrets do not end a route, and other secrets beside another change do`() throws {
        func signed(_ value: String, url: String = "http://a") -> RouteConfig {
            var webhook = WebhookConfig(url: url)
            webhook.headers = [WebhookConfig.Header(name: "Authorization", value: value)]
            return RouteConfig(name: "a", streams: ["a"], group: "a", destination: .webhook(webhook))
        }
        let renewed = plan([signed("one")], [signed("two")])
        #expect(renewed.renewed == ["a"] && renewed.changed == [])
        #expect("\(ReloadAnswer(renewed))" == "new secrets in a; 0 routes untouched")
        #expect(plan([signed("one")], [signed("two", url: "http://b")]).changed == ["a"])
    }

    @Test func `what is read at the start only is named`() throws {
        let old = config([route("a")])
        func fixed(_ change: (inout BridgeConfig) throws -> Void) rethrows -> [String] {
            var new = old
            try change(&new)
            return ReloadPlan(from: old, to: new).fixed
        }
        #expect(try fixed { $0.redis = .url(try RedisURL("redis://b")) } == ["redis"])
        #expect(fixed { $0.redis = .embedded(EmbeddedConfig(password: "new")) } == ["redis"])
        #expect(fixed { $0.waitForAck = WaitForAck(replicas: 1) } == ["redis.wait_for_ack"])
        #expect(fixed { $0.instance = "b" } == ["instance"])
        #expect(fixed { $0.namespace = "n" } == ["namespace"])
        #expect(fixed { $0.workers = 2 } == ["workers"])
        #expect(fixed { $0.log.level = .debug } == [])
        #expect(fixed { $0.log.format = .json } == ["log.format"])
        #expect(fixed { $0.log.deliveries = .all } == ["log.deliveries"])
        #expect(fixed { $0.log.urls = .full } == ["log.urls"])
        #expect(fixed { $0.admin = AdminConfig(listen: AdminAddress(host: "::1", port: 1)) } == ["admin"])
        // A part of every route.
        #expect(fixed { $0.allow = AddressGuard(names: ["x"]) } == [])
        #expect(fixed { $0.advice = [ConfigAdvice(path: "a", message: "b")] } == [])
    }

    @Test func `somebody has thought of each setting`() {
        let labels = Mirror(reflecting: config([])).children.compactMap(\.label)
        #expect(
            labels == [
                "redis", "waitForAck", "instance", "namespace", "workers", "log", "admin", "tracing", "allow", "routes",
                "advice",
            ])
    }

    @Test func `a bucket goes on where its limit has not changed`() {
        func limited(_ url: String, _ rate: Double) -> RouteConfig {
            var route = route(url, url: url)
            route.rate = RateLimit(perSecond: rate)
            return route
        }
        let old = [limited("http://a", 1), limited("http://b", 1)]
        let book = RateBook(old)
        let next = RateBook([limited("http://a", 1), limited("http://b", 2)], after: book)
        let identities = old.map(\.destination.endpointIdentity)
        #expect(book[identities[0]] === next[identities[0]])
        #expect(book[identities[1]] !== next[identities[1]])
        #expect(next[identities[1]]?.limit.perSecond == 2)
    }
}
