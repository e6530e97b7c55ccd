/// Two routes that read one stream as one group would share its entries out between two endpoints.
enum GroupCheck {
    private struct Reader: Hashable {
        let stream: String
        let group: String
    }

    static func run(_ routes: [(config: RouteConfig, section: Section)]) {
        var owners: [Reader: (route: String, place: Place)] = [:]
        for (config, section) in routes {
            var isReported = false
            for stream in Set(config.streams).sorted() {
                let reader = Reader(stream: stream, group: config.group)
                guard let owner = owners[reader] else {
                    owners[reader] = (config.name, section.place)
                    continue
                }
                guard !isReported else { continue }
                isReported = true
                section.contradiction(
                    "route \(owner.route) (\(section.source.spot(owner.place, from: section.place))) reads \(ConfigText.quoted(stream)) as group "
                        + "\(ConfigText.quoted(config.group)) already; give each route a group of its own",
                    among: section.find("group", own: true), section.find("stream", own: true),
                    section.find("streams", own: true))
            }
        }
    }
}
