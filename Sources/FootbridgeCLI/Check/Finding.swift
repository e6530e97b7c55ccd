/// What `check` says of one thing.
struct Finding: CustomStringConvertible, Equatable {
    enum Level: String { case ok, note, warn, error }

    let level: Level
    let text: String

    init(_ level: Level, _ text: String) {
        self.level = level
        self.text = text
    }

    var description: String {
        "  " + level.rawValue + String(repeating: " ", count: 7 - level.rawValue.count) + text
    }
}
