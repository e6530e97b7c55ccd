internal import RedisStreams

extension RouteConfig {
    /// Reads a route, `defaults` lying below it, or `defaults` alone.
    init(_ section: Section, name: String) {
        let streams = section.streams()
        let (destination, destinationSection) = section.source.readDestination { Destination.read(section) }
        self.init(name: name, streams: streams, group: name, destination: destination)
        let group = section.optional(
            "group", type: "string", defaultText: "the route's name", own: true, ConfigText.name)
        if let group { self.group = group }
        let start = section.optional(
            "start", type: "new, beginning, id or time", defaultText: "new", StartText.parse)
        if let start { self.start = start }
        filter = section.program("filter")
        dataField = section.optional("data_field", type: "string", defaultText: "none", ConfigText.name)
        readOrder(section)
        concurrency.read(section)
        rate = RateLimit.read(section)
        let retrySection = section.section("retry")
        retry.read(retrySection)
        retrySection.finish()
        checkOrder(section, retrySection)
        section.integer("max_parked", &maximumParked, 1...10_000_000)
        deadLetter.read(section)
        section.duration("claim_after", &claimAfter, .milliseconds(100) ... .seconds(30 * 86_400))
        section.name("take_over", &takeOver)
        section.duration("drain_timeout", &drainTimeout, .zero ... .seconds(3600))
        trim = TrimConfig.read(section)
        section.finish()
        if !section.isTemplate, let destinationSection {
            checkClaim(section, destinationSection)
            checkBatch(section, destinationSection)
        }
    }

    /// An attempt that may still be under way must not be taken over: without signs of life the last one begins when half of
    /// `claim_after` has passed, and it has to end before the other half has.
    private func checkClaim(_ section: Section, _ destinationSection: Section) {
        func shown(_ value: Duration, _ found: Section.Found?) -> String {
            DurationText.format(value) + (found == nil ? ", the default" : "")
        }
        let claim = section.find("claim_after")
        switch destination {
        case .webhook(let webhook):
            guard claimAfter < webhook.timeout * 2 else { return }
            let timeout = destinationSection.find("timeout")
            section.contradiction(
                "claim_after (\(shown(claimAfter, claim))) must be at least twice webhook.timeout "
                    + "(\(shown(webhook.timeout, timeout))), or entries are taken over that are still being delivered; "
                    + "write claim_after: \(DurationText.format(webhook.timeout * 2)), "
                    + "or timeout: \(DurationText.format(claimAfter / 2))",
                among: claim, timeout)
        case .publish(let publish):
            guard claimAfter < PublishConfig.timeout * 2 else { return }
            section.contradiction(
                "claim_after (\(shown(claimAfter, claim))) must be at least twice what a \(publish.command) may take "
                    + "(\(DurationText.format(PublishConfig.timeout))), or entries are taken over that are still being "
                    + "delivered; write claim_after: \(DurationText.format(PublishConfig.timeout * 2))",
                among: claim)
        // Whoever comes second finds that the entry was appended.
        case .append: break
        }
    }
}

extension Section {
    /// The streams of a route, from `stream` or `streams`.
    fileprivate func streams() -> [String] {
        note("stream", type: "string", defaultText: "none", own: true)
        note("streams", type: "list of strings", defaultText: "none", own: true)
        let (one, many) = (find("stream", own: true), find("streams", own: true))
        if let one, many != nil { report("stands beside streams; keep one of the two", at: one, onKey: true) }
        if one == nil && many == nil { missing("stream", "write stream: NAME or streams: [NAME, NAME]") }
        if let one {
            if case .sequence = one.node.content {
                report("is a list; write streams: for more than one", at: one)
            } else if let name = value(at: one, ConfigText.name) {
                return [name]
            }
        }
        guard let many else { return [] }
        guard case .sequence(let items) = many.node.content, !items.isEmpty else {
            let isEmptyList = if case .sequence = many.node.content { true } else { false }
            report("is \(isEmptyList ? "an empty list" : many.node.kind); write streams: [NAME, NAME]", at: many)
            return []
        }
        var names: [String] = []
        for (index, item) in items.enumerated() {
            let found = Found(node: item, keyPlace: item.place, path: "\(many.path)[\(index)]", rank: many.rank)
            guard let name = value(at: found, ConfigText.name) else { continue }
            if names.contains(name) { report("\(ConfigText.quoted(name)) stands twice; remove one", at: found) }
            names.append(name)
        }
        return names
    }
}

extension Concurrency {
    private static let range = 1...10_000

    /// Reads `concurrency` of a route: `64`, `auto`, or a map with `max`, which is `auto`, too.
    mutating func read(_ route: Section) {
        let type = "integer, \(Self.range.lowerBound) to \(Self.range.upperBound)"
        route.note("concurrency", type: "\(type), auto or map", defaultText: "\(maximum)")
        let (scalar, section) = route.choice("concurrency", or: "auto, a number")
        let maximum = section.optional("max", type: type, defaultText: "\(AdaptiveLimit.defaultMaximum)") {
            text throws(Complaint) in try NumberText.integer(text, Self.range)
        }
        section.finish()
        if section.exists { self = .auto(maximum: maximum ?? AdaptiveLimit.defaultMaximum) }
        guard let scalar else { return }
        let read = route.value(at: scalar) { text throws(Complaint) -> Concurrency in
            if text.text == "auto" { return .auto(maximum: AdaptiveLimit.defaultMaximum) }
            do throws(Complaint) {
                return .fixed(try NumberText.integer(text, Self.range))
            } catch {
                // What looks like a number was meant to be one.
                guard text.isLiteral, !text.text.isEmpty, text.text.allSatisfy(\.isLetter) else { throw error }
                throw Complaint("\(text.shown) is neither a whole number nor auto; write digits only, or auto")
            }
        }
        if let read { self = read }
    }
}

extension RetryPolicy {
    mutating func read(_ section: Section) {
        let wait: ClosedRange<Duration> = .milliseconds(1) ... .seconds(30 * 86_400)
        let backoffSection = section.section("backoff")
        schedule = section.durations("schedule", wait)
        if let scheduled = section.find("schedule"), !schedule.isEmpty {
            attempts = schedule.count + 1
            for key in ["initial", "factor", "max"] {
                guard let other = backoffSection.find(key), other.rank <= scheduled.rank else { continue }
                section.report("stands beside retry.schedule; keep one of the two", at: other, onKey: true)
            }
        }
        section.integer("attempts", &attempts, 1...1_000_000, defaultText: "12, or one more than schedule has waits")
        backoff.read(backoffSection)
        maximumAge = section.optional(
            "max_age", type: "duration, 1s to 365d", defaultText: "none"
        ) { text throws(Complaint) in try DurationText.parse(text, .seconds(1) ... .seconds(365 * 86_400)) }
        section.name("give_up", &giveUp)
        section.duration("retry_after_max", &maximumRetryAfter, .zero ... .seconds(30 * 86_400))
    }
}

extension Backoff {
    mutating func read(_ section: Section) {
        let range: ClosedRange<Duration> = .milliseconds(1) ... .seconds(30 * 86_400)
        section.duration("initial", &initial, range)
        section.number("factor", &factor, 1...1000)
        section.duration("max", &maximum, range)
        section.number("jitter", &jitter, 0...1)
        section.finish()
        if initial > maximum && !section.isTemplate {
            let isDefault = section.find("max") == nil ? ", the default" : ""
            section.contradiction(
                "initial (\(DurationText.format(initial))) must not be longer than max "
                    + "(\(DurationText.format(maximum))\(isDefault))",
                among: section.find("initial"), section.find("max"))
        }
    }
}

extension DeadLetterTarget {
    mutating func read(_ route: Section) {
        route.note("dead_letter", type: "false or map", defaultText: "dead_letter.stream")
        let (scalar, section) = route.choice("dead_letter", or: "false")
        let name = section.optional(
            "stream", type: "string", defaultText: "{<stream>}:dead:<route>", ConfigText.name)
        section.finish()
        if let name { self = .stream(name) }
        guard let scalar else { return }
        let off = route.value(at: scalar) { text throws(Complaint) -> DeadLetterTarget in
            try text.requireFalse(or: "a map: { stream: NAME }")
            return .off
        }
        if let off { self = off }
    }
}
