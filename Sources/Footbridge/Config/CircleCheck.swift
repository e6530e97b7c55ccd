/// Entries must not come back to where they were: they would go round for ever.
///
/// A route leads from each of its streams to the one that it appends to and to that of its dead letters. Other routes may
/// read both, as long as no way leads back. A route that reads its own dead letters would send them to where they were refused.
enum CircleCheck {
    typealias Route = (config: RouteConfig, section: Section)

    static func run(_ routes: [Route]) {
        var readers: [String: [Route]] = [:]
        for route in routes {
            for stream in route.config.streams { readers[stream, default: []].append(route) }
        }
        for route in routes { check(route, readers) }
    }

    private static func check(_ route: Route, _ readers: [String: [Route]]) {
        let (config, section) = route
        for stream in config.streams {
            for way in ways(from: stream, config) {
                let place: Section
                let who: String
                if config.streams.contains(way.target) {
                    (place, who) = (section, ", which this route reads")
                } else if let last = reader(leadingFrom: way.target, to: stream, readers) {
                    place = last.section
                    let spot = section.source.spot(last.section.place, from: section.place)
                    who = " and come back through route \(last.config.name) (\(spot))"
                } else {
                    continue
                }
                section.contradiction(
                    "\(way.what) of \(ConfigText.quoted(stream)) would go to \(ConfigText.quoted(way.target))\(who); "
                        + "choose another stream",
                    among: way.key(section), place.find("streams", own: true), place.find("stream", own: true))
                // Once for each route: the others are likely to have the same cause.
                return
            }
        }
    }

    private struct Way {
        let what: String
        let target: String
        let key: (Section) -> Section.Found?
    }

    private static func ways(from stream: String, _ config: RouteConfig) -> [Way] {
        var ways: [Way] = []
        if case .append(let append) = config.destination, append.redis == nil, append.stream.template == nil {
            ways.append(
                Way(what: "entries", target: append.stream.text) { section in
                    section.section("append").find("stream")
                })
        }
        if let dead = config.deadLetterStream(of: stream) {
            ways.append(Way(what: "dead letters", target: dead) { $0.find("dead_letter") })
        }
        return ways
    }

    /// The route that brings an entry of `first` back to `stream`, on whatever way.
    private static func reader(leadingFrom first: String, to stream: String, _ readers: [String: [Route]]) -> Route? {
        var (seen, next): (Set<String>, [String]) = ([first], [first])
        while let place = next.popLast() {
            for route in readers[place, default: []] {
                for way in ways(from: place, route.config) {
                    if way.target == stream { return route }
                    if seen.insert(way.target).inserted { next.append(way.target) }
                }
            }
        }
        return nil
    }
}
