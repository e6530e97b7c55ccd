/// The values of an array, in their order.
public struct RESPArray: Sendable {
    private enum Storage: Sendable {
        case values([RESPValue])
        /// Of bulk strings and nothing else only the places are kept; the values are made when they are asked for.
        case strings(RESPStrings)
        /// A string and an array of strings, as streams have them: the id of an entry stands before its fields in the reply.
        case entry(RESPStrings)
    }

    private let storage: Storage

    public init(_ values: [RESPValue]) { storage = .values(values) }

    public init(_ strings: RESPStrings) { storage = .strings(strings) }

    /// A string and an array of strings: these are given, and the other stands before that array in the same reply.
    init(entry fields: RESPStrings) { storage = .entry(fields) }

    /// The two elements, if they are a bulk string and an array of such.
    public var entry: (id: ArraySlice<UInt8>, fields: RESPStrings)? {
        switch storage {
        case .entry(let fields): return (fields.before, fields)
        case .strings: return nil
        case .values(let values):
            guard values.count == 2, case .bulkString(let id) = values[0], case .array(let array) = values[1],
                let fields = array.strings
            else { return nil }
            return (id, fields)
        }
    }

    /// The elements if all of them are bulk strings.
    public var strings: RESPStrings? {
        switch storage {
        case .strings(let strings): return strings
        case .entry: return nil
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
        case .entry: 2
        }
    }

    public subscript(index: Int) -> RESPValue {
        switch storage {
        case .values(let values): values[index]
        case .strings(let strings): .bulkString(strings[index])
        case .entry(let fields):
            switch index {
            case 0: .bulkString(fields.before)
            case 1: .array(RESPArray(fields))
            default: preconditionFailure("an entry has two elements")
            }
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
