/// Makes one tree of a YAML document.
///
/// Bounded whatever the file says: 20 levels, and 100,000 values with every alias counted as often as it is used (the
/// tree itself shares them). Anchors and `<<` work; tags, non-text keys and further documents are refused.
struct YAMLComposer: ~Copyable {
    static let maximumDepth = 20
    static let maximumWeight = 100_000
    static let tooDeep = "nested deeper than \(maximumDepth) levels"

    private var events: YAMLEvents
    private var anchors: [String: YAMLNode] = [:]
    /// What is wrong without making the rest unreadable.
    private(set) var problems: [YAMLFailure] = []

    /// - Returns: the root (`nil` for an empty document) and the problems that did not hinder reading on.
    ///
    /// - Parameter file: the number of the file, for places.
    static func compose(_ bytes: [UInt8], file: Int = 0) throws(YAMLFailure) -> (
        root: YAMLNode?, problems: [YAMLFailure]
    ) {
        try bytes.withUnsafeBufferPointer { buffer throws(YAMLFailure) in
            var composer = YAMLComposer(events: try YAMLEvents(buffer, file: file))
            let root = try composer.document()
            return (root: root, problems: composer.problems)
        }
    }

    private init(events: consuming YAMLEvents) {
        self.events = events
    }

    private mutating func document() throws(YAMLFailure) -> YAMLNode? {
        _ = try events.next()
        guard case (.documentStart, _) = try events.next() else { return nil }
        let first = try events.next()
        let root = try node(first.event, at: first.place, depth: 1, path: "")
        _ = try events.next()
        let after = try events.next()
        guard case .streamEnd = after.event else {
            throw YAMLFailure(
                place: after.place, path: "", message: "a second YAML document begins here; keep one per file")
        }
        return root
    }

    private mutating func node(
        _ event: YAMLEvents.Event, at place: Place, depth: Int, path: String
    ) throws(YAMLFailure) -> YAMLNode {
        let node: YAMLNode
        switch event {
        case .alias(let name):
            guard let anchored = anchors[name] else {
                throw YAMLFailure(place: place, path: path, message: "no anchor &\(name) stands before this alias")
            }
            try check(height: anchored.height, depth: depth, place, path)
            return anchored
        case .scalar(let text, let isPlain, let anchor, let tag):
            try check(height: 1, depth: depth, place, path)
            node = YAMLNode(content: .scalar(text, isPlain: isPlain), place: place, weight: 1, height: 1)
            finish(node, anchor, tag, path)
        case .sequenceStart(let anchor, let tag):
            try check(height: 1, depth: depth, place, path)
            node = try sequence(at: place, depth: depth, path: path)
            finish(node, anchor, tag, path)
        case .mappingStart(let anchor, let tag):
            try check(height: 1, depth: depth, place, path)
            node = try mapping(at: place, depth: depth, path: path)
            finish(node, anchor, tag, path)
        default:
            throw YAMLFailure(place: place, path: path, message: "not valid YAML: a value is missing here")
        }
        return node
    }

    private mutating func finish(_ node: YAMLNode, _ anchor: String?, _ tag: String?, _ path: String) {
        if let anchor { anchors[anchor] = node }
        // `!` alone says "text", which all scalars are here.
        if let tag, tag != "!" {
            problems.append(
                YAMLFailure(
                    place: node.place, path: path,
                    message: "the tag \(ConfigText.quoted(tag)) has no meaning; remove it"))
        }
    }

    private mutating func sequence(at place: Place, depth: Int, path: String) throws(YAMLFailure) -> YAMLNode {
        var items: [YAMLNode] = []
        var size = TreeSize()
        while true {
            let (event, itemPlace) = try events.next()
            if case .sequenceEnd = event { break }
            let item = try node(event, at: itemPlace, depth: depth + 1, path: "\(path)[\(items.count)]")
            try size.add(item, at: itemPlace, path)
            items.append(item)
        }
        return YAMLNode(content: .sequence(items), place: place, weight: size.weight, height: size.height)
    }

    private mutating func mapping(at place: Place, depth: Int, path: String) throws(YAMLFailure) -> YAMLNode {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        var merged: [YAMLNode] = []
        var size = TreeSize()
        while true {
            let (event, keyPlace) = try events.next()
            if case .mappingEnd = event { break }
            let keyNode = try node(event, at: keyPlace, depth: depth + 1, path: path)
            let key: String? = if case .scalar(let text, _) = keyNode.content { text } else { nil }
            let path = (map: path, key: key.map { keyPath(path, $0) } ?? path)
            let (valueEvent, valuePlace) = try events.next()
            let value = try node(valueEvent, at: valuePlace, depth: depth + 1, path: path.key)
            try size.add(value, at: valuePlace, path.key)
            guard let key else {
                problems.append(YAMLFailure(place: keyPlace, path: path.map, message: "a key must be text"))
                continue
            }
            if let line = lines.updateValue(keyPlace.line, forKey: key) {
                lines[key] = line
                problems.append(
                    YAMLFailure(
                        place: keyPlace, path: path.key,
                        message: "the key stands twice, first in line \(line); remove one"))
            } else if key == "<<", case .scalar(_, isPlain: true) = keyNode.content {
                merged += try mergeSources(value, at: valuePlace, path: path.key)
            } else {
                entries.append(YAMLEntry(key: key, place: keyPlace, value: value))
            }
        }
        for case .mapping(let inherited) in merged.map(\.content) {
            for entry in inherited where lines[entry.key] == nil {
                lines[entry.key] = entry.place.line
                entries.append(entry)
            }
        }
        return YAMLNode(content: .mapping(entries), place: place, weight: size.weight, height: size.height)
    }

    /// `<<: *base` or `<<: [*first, *second]`; keys of the map itself win, then those of the earlier source.
    private mutating func mergeSources(
        _ value: YAMLNode, at place: Place, path: String
    ) throws(YAMLFailure) -> [YAMLNode] {
        let sources = if case .sequence(let items) = value.content { items } else { [value] }
        for source in sources {
            guard case .mapping = source.content else {
                problems.append(
                    YAMLFailure(place: place, path: path, message: "<< takes a map, or a list of maps: <<: *base"))
                return []
            }
        }
        return sources
    }

    private func check(height: Int, depth: Int, _ place: Place, _ path: String) throws(YAMLFailure) {
        if depth - 1 + height > Self.maximumDepth {
            throw YAMLFailure(place: place, path: path, message: Self.tooDeep)
        }
    }

    private struct TreeSize {
        var weight = 1
        var height = 1

        mutating func add(_ node: YAMLNode, at place: Place, _ path: String) throws(YAMLFailure) {
            weight += node.weight
            height = max(height, node.height + 1)
            if weight > YAMLComposer.maximumWeight {
                throw YAMLFailure(
                    place: place, path: path, message: "aliases and all, more than 100,000 values; that is no config")
            }
        }
    }
}
