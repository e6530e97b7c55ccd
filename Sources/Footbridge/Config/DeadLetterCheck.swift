/// Dead letters must not come back as entries: a route that reads them would bury them again, or start a circle.
enum DeadLetterCheck {
    static func run(_ routes: [(config: RouteConfig, section: Section)]) {
        var readers: [String: (config: RouteConfig, section: Section)] = [:]
        for route in routes {
            for stream in route.config.streams where readers[stream] == nil { readers[stream] = route }
        }
        for (config, section) in routes {
            for stream in config.streams {
                guard let target = config.deadLetter.name(for: stream), let reader = readers[target] else { continue }
                let isOwn = config.streams.contains(target)
                let who = isOwn ? "this route" : "route \(reader.config.name) (line \(reader.section.place.line))"
                let place = isOwn ? section : reader.section
                section.contradiction(
                    "dead letters of \(ConfigText.quoted(stream)) would go to \(ConfigText.quoted(target)), "
                        + "which \(who) reads; choose another stream",
                    among: section.find("dead_letter"), place.find("streams", own: true),
                    place.find("stream", own: true))
                break
            }
        }
    }
}
