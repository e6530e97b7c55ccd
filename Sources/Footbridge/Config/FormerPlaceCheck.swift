/// Says of routes that read where dead letters were put before each route had a place of its own.
enum FormerPlaceCheck {
    static func run(_ routes: [(config: RouteConfig, section: Section)]) {
        for (reader, section) in routes {
            for stream in reader.streams {
                let writers = routes.map(\.config).filter { route in
                    route.streams.contains { route.deadLetter.formerName(for: $0) == stream }
                        && !routes.contains { $0.config.writes(to: stream) }
                }
                guard let writer = writers.first,
                    let place = writer.streams.first(where: { writer.deadLetter.formerName(for: $0) == stream })
                        .flatMap(writer.deadLetterStream)
                else { continue }
                section.advise(
                    "nothing is put into \(ConfigText.quoted(stream)) any more: dead letters of route \(writer.name) go to "
                        + "\(ConfigText.quoted(place)); read that one, or set dead_letter.stream there",
                    key: section.find("stream") == nil ? "streams" : "stream")
            }
        }
    }
}

extension RouteConfig {
    fileprivate func writes(to stream: String) -> Bool { streams.contains { deadLetterStream(of: $0) == stream } }
}
