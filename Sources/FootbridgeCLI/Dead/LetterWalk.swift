import Footbridge
import RedisStreams

/// All letters that are meant, place by place, oldest first, in portions.
struct LetterWalk {
    let letters: Letters
    let places: [String]
    let selection: LetterSelection
    let filter: ProgramFilter?

    init(_ options: LetterOptions, _ config: BridgeConfig, _ letters: Letters) throws {
        self.letters = letters
        places = try options.places(in: config)
        selection = options.selection()
        filter = try options.compiledFilter()
    }

    /// - Parameter body: gets letters of one stream; says whether to go on.
    func run(portion: Int = Letters.portion, _ body: ([Letter]) async throws -> Bool) async throws {
        var selection = selection
        for id in selection.ids.sorted() {
            for place in places {
                guard let letter = try await letters.letter(id, of: place), try isMeant(letter, selection) else {
                    continue
                }
                selection.ids.remove(id)
                guard try await body([letter]) else { return }
            }
        }
        // What is left are ids of entries, for which all has to be looked through.
        guard self.selection.ids.isEmpty || !selection.ids.isEmpty else { return }
        for place in places {
            var interval = selection.interval
            while true {
                let page = try await letters.page(of: place, interval, count: portion)
                guard let last = page.last else { break }
                interval.from = .excluded(last.id)
                let meant = try page.filter { try isMeant($0, selection) }
                guard meant.isEmpty ? true : try await body(meant) else { return }
                try Task.checkCancellation()
                if page.count < portion { break }
            }
        }
    }

    private func isMeant(_ letter: Letter, _ selection: LetterSelection) throws -> Bool {
        guard selection.includes(letter) else { return false }
        return try filter?.passes(json: LetterJSON.line(letter)) ?? true
    }
}
