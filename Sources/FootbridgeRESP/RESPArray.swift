/// The values of an array, in their order.
public struct RESPArray: Sendable {
    private enum Storage: Sendable {
        case values([RESPValue])
        /// Of bulk strings and nothing else only the places are kept; the values are made when they are asked for.
        case strings(RESPStrings)
    }

    private let storage: Storage

    public init(_ values: [RESPValue]) { storage = .values(values) }

    public init(_ strings: RESPStrings) { storage = .strings(strings) }

    /// The elements if all of them are bulk strings.
    public var strings: RESPStrings? {
        switch storage {
        case .strings(let strings): return strings
        case .values(let values):
            var (bytes, ends): ([UInt8], [Int]) = ([], [])
            for value in values {
                guard case .bulkString(let string) = value else { return nil }
                bytes += string
                ends.append(bytes.count)
            }
            return RESPStrings(bytes, ends: ends)
        }
    }
}

extension RESPArray: RandomAccessCollection {
    public var startIndex: Int { 0 }

    public var endIndex: Int {
        switch storage {
        case .values(let values): values.count
        case .strings(let strings): strings.count
        }
    }

    public subscript(index: Int) -> RESPValue {
        switch storage {
        case .values(let values): values[index]
        case .strings(let strings): .bulkString(strings[index])
        }
    }
}

extension RESPArray: ExpressibleByArrayLiteral {
    public init(arrayLiteral values: RESPValue...) { self.init(values) }
}

extension RESPArray: Hashable {
    public static func == (left: RESPArray, right: RESPArray) -> Bool { left.elementsEqual(right) }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for value in self { hasher.combine(value) }
    }
}
