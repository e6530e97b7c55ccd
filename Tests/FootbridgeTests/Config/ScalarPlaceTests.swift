import Testing

@testable import Footbridge

@Suite struct ScalarPlaceTests {
    /// The place of the `X` in each of the values.
    @Test(arguments: [
        ("k: .a | X", ".a | X", 1, 6, Place(line: 1, column: 9)),
        ("k: '.a | X'", ".a | X", 1, 6, Place(line: 1, column: 10)),
        ("k: 'é ''q'' X'", "é 'q' X", 1, 7, Place(line: 1, column: 13)),
        ("k: \"\\\"q\\\" X\"", "\"q\" X", 1, 5, Place(line: 1, column: 11)),
        ("k: |\n  .a |\n    X\n", ".a |\n  X\n", 2, 3, Place(line: 3, column: 5)),
        ("k: >-\n  .a |\n  X\n", ".a | X", 1, 6, Place(line: 3, column: 3)),
        ("k: .a |\n   X", ".a | X", 1, 6, Place(line: 2, column: 4)),
        ("k: '.a |\n\n   X'", ".a |\nX", 2, 1, Place(line: 3, column: 4)),
        ("k: &n 'a X'", "a X", 1, 3, Place(line: 1, column: 10)),
        ("k: | # what\n  a\n  b X\n", "a\nb X\n", 2, 3, Place(line: 3, column: 5)),
    ]) func `a place in a value is one in the file`(file: String, value: String, line: Int, column: Int, place: Place) {
        let start = Place(line: 1, column: 4)
        #expect(ScalarPlace.of(line: line, column: column, in: value, at: start, Array(file.utf8)) == place)
    }

    @Test func `the end of a value is behind it, and a place that is none is its start`() {
        let file = Array("k: '1 +'".utf8)
        #expect(
            ScalarPlace.of(line: 1, column: 4, in: "1 +", at: Place(line: 1, column: 4), file)
                == Place(line: 1, column: 8))
        #expect(
            ScalarPlace.of(line: 1, column: 2, in: "abc", at: Place(line: 1, column: 4), file)
                == Place(line: 1, column: 4))
    }
}
