internal import FootbridgeRedis

extension Destination {
    private enum Kind: String, CaseIterable {
        case webhook, publish, append

        var example: String {
            switch self {
            case .webhook: "webhook: { url: https://example.com/hooks }"
            case .publish: "publish: { channel: NAME }"
            case .append: "append: { stream: NAME }"
            }
        }
    }

    /// Reads the one of `webhook`, `publish` and `append` that the route has.
    ///
    /// The route's own map says which. Only a route without any takes that of `defaults`: a webhook there does not make a
    /// webhook of a route that publishes.
    /// - Returns: with the section that was read, if there is one.
    static func read(_ route: Section) -> (Destination, Section?) {
        if route.isTemplate {
            let section = route.section(Kind.webhook.rawValue)
            let webhook = WebhookConfig(section)
            _ = PublishConfig(route.section(Kind.publish.rawValue))
            _ = AppendConfig(route.section(Kind.append.rawValue))
            return (.webhook(webhook), section)
        }
        let all = Kind.allCases.compactMap { kind in route.find(kind.rawValue).map { (kind: kind, found: $0) } }
        let own = all.filter { $0.found.rank == 0 }
        if own.count > 1 {
            route.report(
                "stands beside \(own[0].kind.rawValue); a route has one of webhook, publish and append: "
                    + "remove one, or make two routes", at: own[1].found, onKey: true)
        }
        guard let kind = own.first?.kind ?? (all.count == 1 ? all[0].kind : nil) else {
            let examples = Kind.allCases.map(\.example)
            let cure =
                all.isEmpty
                ? "write \(examples[0]), \(examples[1]) or \(examples[2])"
                : "defaults has \(all.map(\.kind.rawValue).joined(separator: " and ")); "
                    + "say which, such as \(all[0].kind.rawValue): {}"
            route.missing(Kind.webhook.rawValue, cure)
            return (.webhook(WebhookConfig(url: "")), nil)
        }
        let section = route.section(kind.rawValue)
        return switch kind {
        case .webhook: (.webhook(WebhookConfig(section)), section)
        case .publish: (.publish(PublishConfig(section)), section)
        case .append: (.append(AppendConfig(section)), section)
        }
    }
}

extension TargetName {
    /// A name, or one that is made from the entry.
    fileprivate static func read(_ section: Section, _ key: String, example: String) -> TargetName? {
        section.note(key, type: "string", defaultText: nil)
        guard let found = section.find(key) else {
            section.missing(key, "write \(key): \(example)")
            return nil
        }
        if section.isTemplate(found) { return section.template(at: found, ConfigText.name).map { TargetName($0) } }
        return section.value(at: found, ConfigText.name).map { TargetName($0) }
    }
}

extension PublishConfig {
    init(_ section: Section) {
        self.init(channel: TargetName.read(section, "channel", example: "events") ?? TargetName(""))
        section.flag("shard", &shard)
        body.read(section)
        redis = RedisSource.readOther(section)
        section.finish()
    }
}

extension AppendConfig {
    init(_ section: Section) {
        self.init(stream: TargetName.read(section, "stream", example: "invoices") ?? TargetName(""))
        readTrimming(section)
        section.flag("exact", &isExact)
        if isExact, trimming == nil, !section.isTemplate {
            section.contradiction(
                "there is nothing to trim exactly; add max_length: 100000 or max_age: 7d", among: section.find("exact"))
        }
        fields.read(section)
        entries = section.program("entries")
        if entries != nil, section.find("fields") != nil {
            section.contradiction(
                "stands beside fields; keep one of the two", among: section.find("entries"), section.find("fields"))
        }
        redis = RedisSource.readOther(section)
        section.finish()
    }

    private mutating func readTrimming(_ section: Section) {
        let (count, age): (ClosedRange<Int>, ClosedRange<Duration>) = (
            1...1_000_000_000_000, .seconds(1) ... .seconds(3650 * 86_400)
        )
        let countType = "integer, \(count.lowerBound) to \(count.upperBound)"
        let length = section.optional("max_length", type: countType, defaultText: "none") { text throws(Complaint) in
            try NumberText.integer(text, count)
        }
        let oldest = section.optional("max_age", type: "duration, 1s to 3650d", defaultText: "none") {
            text throws(Complaint) in try DurationText.parse(text, age)
        }
        if let length { trimming = .length(length) }
        guard let oldest else { return }
        if length != nil, let found = section.find("max_age"), let other = section.find("max_length") {
            // One of the route wins over one of the defaults.
            if found.rank == other.rank {
                section.report("stands beside max_length; keep one of the two", at: found, onKey: true)
            }
            if found.rank >= other.rank { return }
        }
        trimming = .age(oldest)
    }
}

extension FieldSelection {
    mutating func read(_ append: Section) {
        append.note("fields", type: "all, list of strings or map", defaultText: "all")
        guard let found = append.find("fields") else { return }
        let cure = "write all, [NAME, NAME], or { NEW_NAME: NAME }"
        switch found.node.content {
        case .sequence(let items):
            if items.isEmpty { append.report("is an empty list; \(cure)", at: found) }
            var picks: [Pick] = []
            for (index, item) in items.enumerated() {
                let place = Section.Found(
                    node: item, keyPlace: item.place, path: "\(found.path)[\(index)]", rank: found.rank)
                guard let name = append.value(at: place, ConfigText.name) else { continue }
                if picks.contains(where: { $0.name == name }) {
                    append.report("\(ConfigText.quoted(name)) stands twice; remove one", at: place)
                }
                picks.append(Pick(name: name, field: name))
            }
            self = .some(picks)
        case .mapping(let entries):
            if entries.isEmpty { append.report("is an empty map; \(cure)", at: found) }
            self = .some(
                entries.compactMap { entry in
                    let place = Section.Found(
                        node: entry.value, keyPlace: entry.place, path: keyPath(found.path, entry.key), rank: found.rank
                    )
                    return append.value(at: place, ConfigText.name).map { Pick(name: entry.key, field: $0) }
                })
        case .scalar:
            _ = append.value(at: found) { text throws(Complaint) in
                guard text.text == "all" else { throw Complaint("\(text.shown) is unknown; \(cure)") }
            }
            self = .all
        }
    }
}
