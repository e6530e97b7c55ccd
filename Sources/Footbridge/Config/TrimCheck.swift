/// A stream is trimmed for all of its routes, so they cannot keep different parts of it.
enum TrimCheck {
    static func run(_ routes: [(config: RouteConfig, section: Section)]) {
        var owners: [String: (route: String, trim: TrimConfig, place: Place)] = [:]
        for (config, section) in routes {
            guard let trim = config.trim else { continue }
            for stream in config.streams {
                guard let owner = owners[stream] else {
                    owners[stream] = (config.name, trim, section.place)
                    continue
                }
                guard owner.trim != trim else { continue }
                section.contradiction(
                    "route \(owner.route) (\(section.source.spot(owner.place, from: section.place))) keeps "
                        + "\(owner.trim.keep) of \(ConfigText.quoted(stream)), and this one \(trim.keep); "
                        + "a stream is trimmed for all of its routes: write the same, or leave one out",
                    among: section.find("trim"), section.find("stream", own: true), section.find("streams", own: true))
                break
            }
        }
    }
}
