internal import FootbridgeRESP

extension Redis {
    /// The reply to a raw command.
    public struct Reply: Sendable, Equatable {
        private let value: RESPValue

        init(_ value: RESPValue) { self.value = value }

        public var isNull: Bool { value == .null }
        /// A whole number, or a string that is one.
        public var integer: Int? { value.integer.flatMap { Int(exactly: $0) } }
        /// The bytes of a string. They keep the server's whole reply in memory; copy what is to stay.
        public var bytes: ArraySlice<UInt8>? { value.bytes }
        /// A string as text; `nil` if it is not UTF-8.
        public var text: String? { value.text }
        /// A truth value (RESP3), or a number as such.
        public var boolean: Bool? { if case .boolean(let value) = value { value } else { integer.map { $0 != 0 } } }
        /// A fraction (RESP3), or a number or string that can be read as one.
        public var double: Double? {
            if case .double(let value) = value { return value }
            return text.flatMap { Double($0) } ?? integer.map { Double($0) }
        }
        /// The elements of an array or a set; of a map its keys and values in turn.
        public var elements: [Reply]? { value.elements?.map(Reply.init) }
        /// The value that follows `name` in a map, or in the flat array that older servers send in its place.
        public subscript(name: String) -> Reply? { value.value(named: name).map(Reply.init) }
    }
}

extension Redis.Reply: CustomStringConvertible {
    public var description: String { "\(value)" }
}
