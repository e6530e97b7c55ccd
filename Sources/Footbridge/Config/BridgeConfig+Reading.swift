internal import FootbridgeCurl
import FootbridgeRedis

extension BridgeConfig {
    /// Reads the whole file. What is wrong goes to the section's source; this value is then of no use.
    init(_ section: Section) {
        let environment = section.source.environment
        let (redis, waitForAck) = RedisSource.read(section)
        self.init(
            redis: redis, waitForAck: waitForAck, instance: Self.instance(hostName: environment.hostName),
            log: LogConfig(section.section("log")), routes: [])
        let instance = section.optional("instance", type: "string", defaultText: "the host's name", Self.checkInstance)
        if let instance { self.instance = instance }
        namespace = section.optional("namespace", type: "string", defaultText: "none", ConfigText.name)
        section.integer("workers", &workers, 1...64)
        admin = AdminConfig(section.section("admin"))
        tracing = TracingConfig(section.section("tracing"))
        allow = section.allowedAddresses()
        routes = Self.routes(section, allow, redis, isTraced: tracing != nil)
        section.finish()
        advice = section.source.advice
    }

    private static func checkInstance(_ text: ConfigText) throws(Complaint) -> String {
        let bytes = text.text.utf8
        guard (1...128).contains(bytes.count), bytes.allSatisfy(isWordByte) else {
            throw Complaint("\(text.shown) cannot be a consumer's name; use 1 to 128 of: letters digits . _ -")
        }
        return text.text
    }

    /// A host name with what a consumer's name may not hold replaced by `-`.
    private static func instance(hostName: String) -> String {
        let bytes = hostName.utf8.prefix(128).map { isWordByte($0) ? $0 : UInt8(ascii: "-") }
        return bytes.isEmpty ? "localhost" : String(decoding: bytes, as: UTF8.self)
    }

    private static func routes(
        _ section: Section, _ allow: AddressGuard, _ redis: RedisSource, isTraced: Bool
    ) -> [RouteConfig] {
        section.note("defaults", type: "map", defaultText: "none")
        section.note("routes", type: "map", defaultText: nil)
        let defaults = section.section("defaults")
        let template = Section(
            section.source, layers: defaults.layers, path: "defaults", pattern: routePattern, place: defaults.place,
            isTemplate: true)
        _ = RouteConfig(template, name: "")

        let map = section.section("routes")
        let further = section.source.furtherRoutes
        let entries =
            map.freeEntries()
            + further.map { entry in
                (
                    name: entry.key,
                    found: Section.Found(
                        node: entry.value, keyPlace: entry.place, path: keyPath("routes", entry.key), rank: 0)
                )
            }
        let cure = "write at least one: routes: { orders: { stream: orders, webhook: { url: … } } }"
        if let found = section.find("routes") {
            if map.exists && entries.isEmpty { section.report("is empty; \(cure)", at: found) }
        } else if further.isEmpty {
            section.missing("routes", cure)
        }
        var routes: [(config: RouteConfig, section: Section)] = []
        var places: [String: Place] = [:]
        for (name, found) in entries {
            if let place = places.updateValue(found.keyPlace, forKey: name) {
                places[name] = place
                let spot = section.source.spot(place, from: found.keyPlace)
                map.report("the route stands twice, first in \(spot); remove one", at: found, onKey: true)
                continue
            }
            guard case .mapping(let own) = found.node.content else {
                map.report("is \(found.node.kind); it must be a map with stream and webhook", at: found)
                continue
            }
            let bytes = name.utf8
            if !(1...64).contains(bytes.count) || !bytes.allSatisfy(isWordByte) {
                map.report("a route's name takes 1 to 64 of: letters digits . _ -", at: found, onKey: true)
            }
            let layers = [Section.Layer(entries: own, path: found.path, rank: 0)] + defaults.lowered
            let route = Section(
                section.source, layers: layers, path: found.path, pattern: routePattern, place: found.keyPlace)
            var config = RouteConfig(route, name: name)
            config.destination.allow(allow)
            config.destination.forgetRedis(equalTo: redis)
            routes.append((config, route))
        }
        GroupCheck.run(routes)
        TrimCheck.run(routes)
        CircleCheck.run(routes)
        if isTraced { TracingConfig.check(routes) }
        FormerPlaceCheck.run(routes)
        section.source.readDestination { AddressCheck.run(routes) }
        return routes.map(\.config)
    }

    private static let routePattern = "routes.<name>"
}

extension LogConfig {
    init(_ section: Section) {
        self.init()
        section.name("level", &level)
        section.name("format", &format)
        section.share("deliveries", &deliveries)
        section.name("urls", &urls)
        section.finish()
    }
}
