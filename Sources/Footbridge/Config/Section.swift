/// One map of the file: hands out values by key and knows which keys were asked for, so that unknown ones are those left.
///
/// A section may lie in layers: the map of the route, and below it that of `defaults`. The first layer that has a key wins,
/// and a problem is reported where the value stands.
final class Section {
    struct Layer {
        let entries: [YAMLEntry]
        let path: String
        /// 0: the map itself, 1: the defaults.
        let rank: Int
    }

    /// A value and where it was found.
    struct Found {
        let node: YAMLNode
        let keyPlace: Place
        let path: String
        let rank: Int
    }

    let source: ConfigSource
    let path: String
    /// Where a missing key is reported.
    let place: Place
    /// `defaults` read for itself: nothing is required, and values are only compared once a route uses them.
    let isTemplate: Bool
    let layers: [Layer]
    /// The path without names that users choose, for the list of known keys.
    private let pattern: String
    private var asked: [String] = []

    init(_ source: ConfigSource, layers: [Layer], path: String, pattern: String, place: Place, isTemplate: Bool = false)
    {
        self.source = source
        self.layers = layers
        self.path = path
        self.pattern = pattern
        self.place = place
        self.isTemplate = isTemplate
    }

    /// The layers as they lie below those of another map.
    var lowered: [Layer] {
        layers.map { Layer(entries: $0.entries, path: $0.path, rank: $0.rank + 1) }
    }

    /// Whether the file has this map at all.
    var exists: Bool { !layers.isEmpty }

    /// The value of `key`, if a layer has it. Asking makes the key a known one.
    ///
    /// - Parameter own: the key says which route this is, so `defaults` cannot hold it.
    func find(_ key: String, own: Bool = false) -> Found? {
        if !asked.contains(key) { asked.append(key) }
        for layer in layers where !own || layer.rank == 0 {
            guard let entry = layer.entries.first(where: { $0.key == key }) else { continue }
            let path = keyPath(layer.path, key)
            source.notePlace(entry.place, of: path)
            if own && isTemplate {
                source.report("\(key) says which route it is; write it into the route", at: entry.place, path: path)
                return nil
            }
            return Found(node: entry.value, keyPlace: entry.place, path: path, rank: layer.rank)
        }
        return nil
    }

    /// Puts a key on the list that the documentation is compared with.
    func note(_ key: String, type: String, defaultText: String?, own: Bool = false) {
        source.note(
            ConfigKey(path: keyPath(pattern, key), type: type, defaultText: defaultText, isOwn: own))
    }

    /// The map at `key`, with those of the layers below it; empty if there is none.
    func section(_ key: String) -> Section {
        choice(key, or: nil).section
    }

    /// A map or a single value at `key`: exactly one of the two is there, or neither.
    ///
    /// - Parameter form: the single value that may stand there instead of a map; `nil` if none may.
    func choice(_ key: String, or form: String?) -> (scalar: Found?, section: Section) {
        var maps: [Layer] = []
        var place = self.place
        var scalar: Found?
        let found = find(key)
        if let found {
            switch found.node.content {
            case .mapping: maps = mapLayers(key)
            case .scalar where form != nil && !found.node.isNull: scalar = found
            default:
                let forms = form.map { "\($0) or a map" } ?? "a map"
                report("is \(found.node.kind); it must be \(forms)", at: found)
            }
            place = found.keyPlace
        }
        let path = found?.path ?? keyPath(self.path, key)
        let section = Section(
            source, layers: maps, path: path, pattern: keyPath(pattern, key), place: place, isTemplate: isTemplate)
        return (scalar, section)
    }

    /// The map at `key`, as `section` gives it, or the maps of a list there; without the key one that is empty.
    ///
    /// - Parameter form: how one of them is written, for the cure.
    func sections(_ key: String, form: String) -> [Section] {
        guard let found = find(key), case .sequence(let items) = found.node.content else { return [section(key)] }
        if items.isEmpty { report("is an empty list; write \(form), or remove the key", at: found) }
        return items.enumerated().compactMap { index, item in
            let path = "\(found.path)[\(index)]"
            guard case .mapping(let entries) = item.content else {
                source.report("is \(item.kind); it must be a map: \(form)", at: item.place, path: path)
                return nil
            }
            return Section(
                source, layers: [Layer(entries: entries, path: path, rank: found.rank)], path: path,
                pattern: keyPath(pattern, key), place: item.place, isTemplate: isTemplate)
        }
    }

    /// The layers of a map, down to the first that has something else under this key.
    private func mapLayers(_ key: String) -> [Layer] {
        var maps: [Layer] = []
        for layer in layers {
            guard let entry = layer.entries.first(where: { $0.key == key }) else { continue }
            guard case .mapping(let entries) = entry.value.content else { break }
            maps.append(Layer(entries: entries, path: keyPath(layer.path, key), rank: layer.rank))
        }
        return maps
    }

    /// All entries of a map whose keys the user chooses; of equal names (as `same` sees them) the first layer's.
    func freeEntries(same: (String) -> String = { $0 }) -> [(name: String, found: Found)] {
        var result: [(name: String, found: Found)] = []
        var ranks: [String: Int] = [:]
        for layer in layers {
            for entry in layer.entries {
                let found = Found(
                    node: entry.value, keyPlace: entry.place, path: keyPath(layer.path, entry.key), rank: layer.rank)
                if let rank = ranks[same(entry.key)] {
                    guard rank == layer.rank else { continue }
                    report("the name stands twice in this map; remove one", at: found, onKey: true)
                    continue
                }
                ranks[same(entry.key)] = layer.rank
                result.append((entry.key, found))
            }
        }
        return result
    }

    func report(_ message: String, at found: Found, onKey: Bool = false) {
        source.report(message, at: onKey ? found.keyPlace : found.node.place, path: found.path)
    }

    /// Notes something that works and should not be left as it is.
    func advise(_ message: String, key: String) {
        source.advise(message, path: find(key)?.path ?? keyPath(path, key))
    }

    /// Reports that values do not go together, at the one that is most likely to be changed: of those that the file sets,
    /// one in the route rather than one in `defaults`, then the one named first.
    func contradiction(_ message: String, among candidates: Found?...) {
        let set = candidates.compactMap(\.self)
        if let found = set.min(by: { $0.rank < $1.rank }) { report(message, at: found) }
    }

    func missing(_ key: String, _ cure: String) {
        guard !isTemplate else { return }
        source.report("is missing; \(cure)", at: place, path: keyPath(path, key))
    }

    /// Reports every key that nobody asked for. Call it when the section is read.
    func finish() {
        // Those in `defaults` are reported when it is read for itself.
        for layer in layers where layer.rank == 0 {
            for entry in layer.entries where !asked.contains(entry.key) {
                source.report(cure(forUnknown: entry.key), at: entry.place, path: keyPath(layer.path, entry.key))
            }
        }
    }

    private func cure(forUnknown key: String) -> String {
        let deeper = source.keys.first { $0.path.hasSuffix(".\(key)") && $0.path.hasPrefix(pattern) }
        if let deeper {
            let inner = pattern.isEmpty ? deeper.path : String(deeper.path.dropFirst(pattern.count + 1))
            return "unknown key; did you mean \(inner)?"
        }
        if let near = nearest(to: key, among: asked) { return "unknown key; did you mean \(near)?" }
        return "unknown key; known here: \(asked.joined(separator: ", "))"
    }
}
