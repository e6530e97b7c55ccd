import RedisStreams

/// Entries of several streams in the order of their ids, read in portions, so that memory does not grow with the streams.
/// Entries with one id are in the order of the streams.
struct MergedRanges {
    private var heads: [(stream: String, rest: EntryRange.AsyncIterator, next: StreamEntry?)] = []
    private let newestFirst: Bool
    private var isBegun = false

    init(_ ranges: [(stream: String, range: EntryRange)], newestFirst: Bool) {
        self.newestFirst = newestFirst
        heads = ranges.map { ($0.stream, (newestFirst ? $0.range.reversed() : $0.range).makeAsyncIterator(), nil) }
    }

    mutating func next() async throws -> Message? {
        if !isBegun { for index in heads.indices { try await advance(index) } }
        isBegun = true
        let first = heads.indices.filter { heads[$0].next != nil }.min { left, right in
            guard let left = heads[left].next?.id, let right = heads[right].next?.id else { return false }
            return newestFirst ? left > right : left < right
        }
        guard let first, let entry = heads[first].next else { return nil }
        try await advance(first)
        return Message(stream: heads[first].stream, id: entry.id, fields: entry.fields)
    }

    private mutating func advance(_ index: Int) async throws { heads[index].next = try await heads[index].rest.next() }
}

extension Redis {
    /// Prints entries of streams in the order of their ids; a stream that is not there is named, for it may be a slip.
    func print(
        _ interval: EntryInterval, of streams: [String], count: Int?, newestFirst: Bool,
        where filter: EntryFilter? = nil,
        to printer: EntryPrinter
    ) async throws {
        var printer = printer
        let ranges = streams.map { name in
            let range = stream(name)[interval]
            // How many have to be read for so many that pass, nobody knows.
            return (stream: name, range: filter == nil ? count.map { range.prefix($0) } ?? range : range)
        }
        var entries = MergedRanges(ranges, newestFirst: newestFirst)
        var printed = 0
        var met: Set<String> = []
        while printed < count ?? .max, let message = try await entries.next() {
            met.insert(message.stream)
            guard filter?.passes(message) ?? true else { continue }
            try printer.print(message)
            printed += 1
        }
        try await complainOfMissing(streams.filter { !met.contains($0) })
        filter?.end()
    }

    /// Says of each stream that is not there that it is not. No error: it may come.
    func complainOfMissing(_ streams: [String], _ consequence: String = "") async throws {
        for name in streams {
            do {
                _ = try await stream(name).info()
            } catch {
                guard error.kind == .noStream else { throw error }
                let near = await streamName(near: name).map { "; did you mean \"\(EscapedText.line($0.utf8))\"?" } ?? ""
                complain("footbridge: there is no stream \"\(EscapedText.line(name.utf8))\"\(consequence)\(near)")
            }
        }
    }
}
