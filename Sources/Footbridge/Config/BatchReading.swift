extension BatchConfig {
    /// Reads `batch` of a webhook: `false`, a format, or a map; `nil` if each request carries one entry.
    init?(_ webhook: Section) {
        webhook.note("batch", type: "false, array, ndjson or map", defaultText: "false")
        let (scalar, section) = webhook.choice("batch", or: "array, ndjson")
        self.init()
        section.name("format", &format)
        section.integer("max_entries", &maximumEntries, 2...10_000)
        section.size("max_bytes", &maximumBytes, 1024...(64 << 20))
        section.duration("max_wait", &maximumWait, .zero ... .seconds(60))
        let isPerKey = section.optional("per", type: "key", defaultText: "none") { text throws(Complaint) in
            guard text.text == "key" else { throw Complaint("\(text.shown) must be key") }
            return true
        }
        self.isPerKey = isPerKey ?? false
        section.finish()
        guard let scalar else {
            if section.exists { return }
            return nil
        }
        guard let format: Format = webhook.word(at: scalar, or: "array, ndjson, or a map with max_entries") else {
            return nil
        }
        self.format = format
    }
}

extension RouteConfig {
    /// A batch of one key needs to know of keys.
    func checkBatch(_ section: Section, _ destinationSection: Section) {
        guard !section.isTemplate, let batch = webhook?.batch else { return }
        let bytes = batch.maximumBytes * concurrency.maximum
        if bytes > 1 << 30 {
            section.advise(
                "requests under way may hold \(SizeText.format(bytes)) of bodies: concurrency times batch.max_bytes; "
                    + "lower one of the two", key: "concurrency")
        }
        guard batch.isPerKey, ordering.program == nil else { return }
        section.contradiction(
            "batch.per is key, and entries have none here; write ordering: key and key: .fields.NAME, or remove per",
            among: destinationSection.find("batch"))
    }
}

extension WebhookConfig {
    /// What cannot be in a request of several entries.
    func checkBatch(_ section: Section) {
        guard !section.isTemplate else { return }
        let found = section.find("batch")
        if cloudEvents?.mode == .batch {
            guard batch?.format == .ndjson else { return }
            return section.contradiction(
                "a batch of CloudEvents is a JSON array; write format: array, or leave it out", among: found)
        }
        guard batch != nil else {
            if acceptFailed != nil {
                section.contradiction(
                    "failed says which entries of a batch failed, and there is no batch here; write batch: array, or use body",
                    among: section.find("accept"))
            }
            return
        }
        if case .form = body {
            section.contradiction(
                "a form cannot hold several entries; write body: fields, or remove batch", among: section.find("body"),
                found)
        }
        if let mode = cloudEvents?.mode {
            section.contradiction(
                "cloudevents: \(mode.rawValue) is one event per request; write batch there",
                among: section.find("cloudevents"),
                found)
        }
        if let endpointKey = section.find("endpoint") {
            section.contradiction(
                "entries of one batch go to one endpoint; remove endpoint, or batch", among: endpointKey, found)
        }
        if case .field = traceParent {
            section.contradiction(
                "a batch belongs to the trace of none of its entries; write traceparent: create, or false",
                among: section.find("traceparent"), found)
        }
        if urlTemplate != nil {
            section.contradiction(
                "a URL that is made from the entry cannot be that of several; remove batch, or \\(…) from url",
                among: section.find("url"), found)
        }
        if let header = headers.first(where: { $0.template != nil }) {
            section.contradiction(
                "the header \(header.name) is made from the entry and cannot be that of several; remove it, or batch",
                among: section.find("headers"), found)
        }
    }
}
