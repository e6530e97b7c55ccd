internal import FootbridgeJQ
internal import FootbridgeWebhooks
internal import RedisStreams

/// The jq programs of one route on one worker: what of an entry goes out, and whether it does.
///
/// For each delivery: `begin`, then any of the others, then `end`. Sinks use what concerns them. There is none for a route
/// without jq.
final class Shaper {
    private let machine: JQMachine
    private let filter: JQMachine.Program?
    private let body: JQMachine.Program?
    private let bodyName: String
    private let records: JQMachine.Records?
    private let templates: JQMachine.Templates?
    /// What each template is for, for messages.
    private let templateNames: [String]
    private let headerNames: [[UInt8]]
    private let attributeNames: [String]
    private let hasURL: Bool
    private let hasName: Bool
    private let hasKey: Bool
    private let isHostFromEntry: Bool
    /// What the templates gave for the entry at hand.
    private var made: RequestLines?
    private var key: [UInt8] = []
    private var attributes: [[UInt8]] = []
    private var input: EntryInput
    private var values: [[UInt8]] = []

    /// - Returns: `nil` if the route needs none.
    /// - Throws: what `check` would have told.
    static func make(for route: RouteConfig) throws -> Shaper? {
        let isNeeded =
            route.filter != nil || route.destination.bodyProgram != nil || route.webhook?.urlTemplate != nil
            || route.destination.nameTemplate != nil || route.destination.entriesProgram != nil
            || route.webhook?.endpointKey != nil || !(route.webhook?.cloudEvents?.templates ?? []).isEmpty
            || route.webhook?.headers.contains { $0.template != nil } ?? false
        return isNeeded ? try Shaper(route) : nil
    }

    private init(_ route: RouteConfig) throws {
        let machine = try JQMachine()
        filter = try route.filter.map { try machine.compile($0) }
        body = try route.destination.bodyProgram.map { try machine.compile($0.text) }
        records = try route.destination.entriesProgram.map { try machine.compile(records: $0) }
        bodyName = route.destination.bodyProgram?.key ?? ""
        let headers = route.webhook?.headers.filter { $0.template != nil } ?? []
        let name = route.destination.nameTemplate
        let key = try route.webhook?.endpointKey.map { try JQTemplate("\\(\($0)\n)") }
        let events = route.webhook?.cloudEvents?.templates ?? []
        attributeNames = events.map(\.name)
        let all =
            [route.webhook?.urlTemplate, name?.template].compactMap(\.self) + headers.compactMap(\.template)
            + events.map(\.template) + [key].compactMap(\.self)
        templates = all.isEmpty ? nil : try machine.compile(all)
        hasURL = route.webhook?.urlTemplate != nil
        hasName = name != nil
        templateNames =
            (hasURL ? ["webhook.url"] : []) + (name.map { [$0.key] } ?? [])
            + headers.map { "webhook.headers.\($0.name)" } + events.map { "webhook.cloudevents.\($0.key)" }
            + (key == nil ? [] : ["webhook.endpoint"])
        hasKey = key != nil
        isHostFromEntry = route.webhook?.isHostFromEntry ?? false
        headerNames = headers.map { Array($0.name.utf8) }
        input = EntryInput(of: route)
        self.machine = machine
    }

    var makesBody: Bool { body != nil }
    var makesLines: Bool { templates != nil }

    func begin(_ delivery: Delivery) throws(UnmakeableRequest) {
        made = nil
        try input.begin(machine, delivery.key, delivery.fields, attempt: delivery.attempt)
    }

    func end() { machine.end() }

    /// Without a filter all pass.
    func passes() throws(UnmakeableRequest) -> Bool {
        guard let filter else { return true }
        do throws(JQFailure) {
            return try machine.passes(filter)
        } catch {
            throw UnmakeableRequest("filter", error)
        }
    }

    func writeBody(to out: inout [UInt8]) throws(UnmakeableRequest) {
        guard let body else { return }
        do throws(JQFailure) {
            try machine.write(body, to: &out)
        } catch {
            throw UnmakeableRequest(bodyName, error)
        }
    }

    /// What the templates give: the URL, then the headers.
    ///
    /// - Parameter piece: the pieces of each, in turn.
    private func evaluate(_ piece: (Int, UnsafeRawBufferPointer, Bool) -> Void) throws(UnmakeableRequest) {
        guard let templates else { return }
        do throws(JQMachine.TemplateFailure) {
            try machine.write(templates, piece)
        } catch {
            let isWhole = hasKey && error.template == templateNames.count - 1
            let expression = error.expression.isEmpty || isWhole ? "" : "\\(\(error.expression)) "
            var failure = UnmakeableRequest(templateNames[error.template], "\(expression)\(error.failure)")
            failure.isForTime = error.failure == .outOfTime
            throw failure
        }
    }

    /// The entries that one is made into; `nil` if no program makes them.
    func entries() throws(UnmakeableRequest) -> [EntryFields]? {
        guard let records else { return nil }
        var entries: [EntryFields] = []
        do throws(JQFailure) {
            try machine.read(records) { strings in
                entries.append(
                    EntryFields(
                        stride(from: 0, to: strings.count, by: 2).map { (strings[$0][...], strings[$0 + 1][...]) }))
            }
        } catch {
            throw UnmakeableRequest("append.entries", error)
        }
        guard entries.allSatisfy({ !$0.isEmpty }) else {
            throw UnmakeableRequest("append.entries", "an object is empty; an entry has one field at least")
        }
        guard entries.count == 1 || entries.allSatisfy(AppendScript.fits) else {
            throw UnmakeableRequest(
                "append.entries", "one of several has more than \(AppendScript.maximumStrings / 2) fields")
        }
        return entries
    }

    /// The name of the channel or the stream, if it is made from the entry; else `name` stays as it is.
    func writeName(to name: inout [UInt8]) throws(UnmakeableRequest) {
        guard hasName else { return }
        var made: [UInt8] = []
        try evaluate { _, bytes, _ in made.append(contentsOf: bytes) }
        guard !made.isEmpty else { throw UnmakeableRequest(templateNames[0], "the name is empty") }
        guard made.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw UnmakeableRequest(templateNames[0], "the name holds a control character or a line break")
        }
        name = made
    }

    /// What tells the entry's endpoint from others: its host, or what `webhook.endpoint` gives.
    func endpointKey() throws(UnmakeableRequest) -> [UInt8] {
        let made = try makeLines()
        guard hasKey else { return Array(EndpointURL.origin(made.url)) }
        guard !key.isEmpty else { throw UnmakeableRequest("webhook.endpoint", "it comes out empty") }
        guard key.count <= 256 else { throw UnmakeableRequest("webhook.endpoint", "it has more than 256 bytes") }
        return key
    }

    /// The value of an attribute of a CloudEvent that is made from the entry.
    func eventAttribute(_ name: String) throws(UnmakeableRequest) -> [UInt8] {
        _ = try makeLines()
        return attributeNames.firstIndex(of: name).map { attributes[$0] } ?? []
    }

    /// Adds the URL and the headers that are made from the entry. A header whose value comes out empty is left out.
    func writeLines(to buffer: inout RequestLines) throws(UnmakeableRequest) { buffer = try makeLines() }

    private func makeLines() throws(UnmakeableRequest) -> RequestLines {
        if let made { return made }
        var lines = RequestLines()
        try makeLines(into: &lines)
        made = lines
        return lines
    }

    private func makeLines(into buffer: inout RequestLines) throws(UnmakeableRequest) {
        if values.count != templateNames.count { values = Array(repeating: [], count: templateNames.count) }
        for index in values.indices { values[index].removeAll(keepingCapacity: true) }
        var isDotted = false
        var values = exchange(&self.values, with: [])
        defer { self.values = values }
        let hasURL = hasURL
        try evaluate { index, bytes, isValue in
            // One with which the URL begins is the URL, or its beginning.
            let isStart = isHostFromEntry && values[index].isEmpty
            guard index == 0, hasURL, isValue, !isStart else { return values[index].append(contentsOf: bytes) }
            // A receiver would take it for a way up.
            isDotted = isDotted || bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8)
            PercentCoding.append(bytes, for: .url, to: &values[index])
        }
        if hasURL {
            guard !isDotted else {
                throw UnmakeableRequest("webhook.url", "a value is . or .., which means a directory")
            }
            if isHostFromEntry, let objection = EndpointURL.objection(to: values[0]) {
                throw UnmakeableRequest("webhook.url", objection)
            }
            buffer.url = values[0]
        }
        if hasKey { key = values[values.count - 1] }
        let first = (hasURL ? 1 : 0) + headerNames.count
        attributes = Array(values[first..<(first + attributeNames.count)])
        for (name, value) in zip(headerNames, values.dropFirst(hasURL ? 1 : 0)) {
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw UnmakeableRequest(
                    "webhook.headers.\(String(decoding: name, as: UTF8.self))",
                    "the value holds a control character or a line break")
            }
            if !value.isEmpty { buffer.headers.append((name, value)) }
        }
    }

    /// The same for people: what is fixed in headers and in a URL's query may be a secret.
    func shownLines() throws(UnmakeableRequest) -> (url: String?, headers: [(name: String, value: String)]) {
        guard !hasName else { return (nil, []) }
        var texts = Array(repeating: "", count: templateNames.count)
        let hasURL = hasURL
        try evaluate { index, bytes, isValue in
            let text = String(decoding: bytes, as: UTF8.self)
            guard index == 0, hasURL else { return texts[index] += isValue ? text : "***" }
            if isValue, isHostFromEntry, texts[index].isEmpty {
                texts[index] = text
            } else if isValue {
                var encoded: [UInt8] = []
                PercentCoding.append(bytes, for: .url, to: &encoded)
                texts[index] += String(decoding: encoded, as: UTF8.self)
            } else {
                texts[index] += QueryMask.masked(text, isInQuery: texts[index].contains("?"))
            }
        }
        let headers = zip(headerNames, texts.dropFirst(hasURL ? 1 : 0)).map {
            (name: String(decoding: $0, as: UTF8.self), value: $1)
        }
        return (hasURL ? texts[0] : nil, headers)
    }
}

/// What of a request is made from the entry, beside the body.
struct RequestLines {
    var url: [UInt8] = []
    var headers: [(name: [UInt8], value: [UInt8])] = []

    mutating func removeAll() {
        url.removeAll(keepingCapacity: true)
        headers.removeAll(keepingCapacity: true)
    }
}

extension CloudEventsConfig {
    /// The attributes that are made from the entry, and where they stand.
    fileprivate var templates: [(name: String, key: String, template: JQTemplate)] {
        attributes.compactMap { name, value, _ in
            guard case .template(let template) = value else { return nil }
            return (name, extensions.contains { $0.name == name } ? "extensions.\(name)" : name, template.template)
        }
    }
}

extension Destination {
    fileprivate var entriesProgram: String? { if case .append(let append) = self { append.entries } else { nil } }

    /// What makes the name of a channel or a stream, and where it stands in the route.
    fileprivate var nameTemplate: (key: String, template: JQTemplate)? {
        switch self {
        case .webhook: nil
        case .publish(let publish): publish.channel.template.map { ("publish.channel", $0) }
        case .append(let append): append.stream.template.map { ("append.stream", $0) }
        }
    }

    /// The program that makes the body, and where it stands in the route.
    fileprivate var bodyProgram: (key: String, text: String)? {
        switch self {
        case .webhook(let webhook): webhook.body.program.map { ("webhook.body.jq", $0) }
        case .publish(let publish): publish.body.program.map { ("publish.body.jq", $0) }
        case .append: nil
        }
    }
}

extension BodyFormat {
    var program: String? { if case .jq(let program) = self { program } else { nil } }
}

private func exchange<Value>(_ place: inout Value, with other: Value) -> Value {
    let old = place
    place = other
    return old
}
