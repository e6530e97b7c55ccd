/// Text with `\(…)` in it: what stands there is a jq expression, and its value takes its place.
public struct JQTemplate: Sendable, Equatable {
    public enum Piece: Sendable, Equatable {
        case text(String)
        /// The expression without its parentheses.
        case expression(String)
    }

    /// In their order; texts are not empty.
    public var pieces: [Piece]
    /// For each expression in turn, where it begins in the text: from 1, columns in Unicode scalars.
    public let places: [Place]

    public struct Place: Sendable, Equatable {
        public let line: Int
        public let column: Int

        init(_ place: (line: Int, column: Int)) { (line, column) = place }
    }

    /// - Throws: if an expression does not end.
    public init(_ text: String) throws(JQProblem) {
        let reader = JQText(text)
        var pieces: [Piece] = []
        var places: [Place] = []
        var index = 0
        var start = 0
        func add(upTo end: Int) {
            if end > start { pieces.append(.text(String(decoding: reader.bytes[start..<end], as: UTF8.self))) }
        }
        while index < reader.bytes.count {
            guard reader.bytes[index] == UInt8(ascii: "\\"), index + 1 < reader.bytes.count,
                reader.bytes[index + 1] == UInt8(ascii: "(")
            else {
                index += 1
                continue
            }
            guard let end = reader.endOfExpression(from: index + 2) else {
                let (line, column) = reader.place(of: index)
                throw JQProblem(message: "\\( is not closed; write \\(EXPRESSION)", line: line, column: column)
            }
            add(upTo: index)
            pieces.append(.expression(String(decoding: reader.bytes[(index + 2)..<(end - 1)], as: UTF8.self)))
            places.append(Place(reader.place(of: index + 2)))
            index = end
            start = end
        }
        add(upTo: index)
        self.pieces = pieces
        self.places = places
    }

    public var isFixed: Bool { places.isEmpty }

    public var expressions: [String] {
        pieces.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    /// As it is written, each text changed by `change`.
    public func source(_ change: (String) -> String = { $0 }) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): change(text)
            case .expression(let expression): "\\(\(expression))"
            }
        }.joined()
    }
}
