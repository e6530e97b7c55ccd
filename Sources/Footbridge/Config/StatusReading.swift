internal import FootbridgeWebhooks

extension StatusKinds {
    /// Reads `accept.status` and `statuses` of a webhook.
    init(_ webhook: Section, accept: Section) {
        self.init()
        read(accept, "status", .delivered, example: "[409]")
        let statuses = webhook.section("statuses")
        for kind in StatusKinds.Kind.allCases where kind != .delivered {
            read(statuses, kind.rawValue, kind, example: "[404, 409]")
        }
        statuses.finish()
    }

    private mutating func read(_ section: Section, _ key: String, _ kind: Kind, example: String) {
        for item in section.list(key, type: "list of integers, 200 to 599", example: example) {
            let status = section.value(at: item) { text throws(Complaint) in try NumberText.integer(text, 200...599) }
            guard let status else { continue }
            if let other = self[status] {
                section.report(
                    other == kind
                        ? "\(status) stands twice; remove one"
                        : "\(status) is \(other.rawValue) already; keep one of the two",
                    at: item)
            }
            self[status] = kind
        }
    }
}
