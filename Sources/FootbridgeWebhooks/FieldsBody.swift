internal import Glibc

/// The body `fields`: an entry's fields as one JSON object, in their order.
///
/// A value is always a string, never read as a number, for Redis knows none. What is not UTF-8 is kept as base64: a
/// value as `{"$base64":"…"}`, a name as `"$base64:…"`. A name that occurs again gives an array at the place of the
/// first, its values in their order. Typed, a value that is JSON stays JSON: `3`, `[…]`, `"text"` with its quotes.
public enum FieldsBody {
    /// A field's name and value, wherever their owner keeps them.
    public typealias RawField = (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

    /// Appends the object to `out`; allocates nothing besides, unless a name is not UTF-8 or there are more than 32
    /// fields. Takes pointers: with slices, half of the time went into counting references.
    public static func write(
        _ fields: UnsafeBufferPointer<RawField>, typed: Bool = false, into out: inout [UInt8]
    ) {
        let start = out.count
        if fields.count <= 32, writeFew(fields, typed, into: &out) { return }
        out.removeLast(out.count - start)
        writeMany(fields, typed, into: &out)
    }

    /// Finds repeated names by comparing all pairs, of fingerprints first; false if a name is not UTF-8.
    private static func writeFew(
        _ fields: UnsafeBufferPointer<RawField>, _ typed: Bool, into out: inout [UInt8]
    ) -> Bool {
        let count = fields.count
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { prints in
            for index in 0..<count { prints.initializeElement(at: index, to: fingerprint(fields[index].name)) }
            var written: UInt32 = 0
            out.append(UInt8(ascii: "{"))
            for index in 0..<count where written & 1 << index == 0 {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                guard JSONString.append(fields[index].name, to: &out) else { return false }
                out.append(UInt8(ascii: ":"))
                var isRepeated = false
                var later = index &+ 1
                while later < count {
                    defer { later &+= 1 }
                    guard prints[later] == prints[index], isEqual(fields[later].name, fields[index].name) else {
                        continue
                    }
                    if !isRepeated {
                        isRepeated = true
                        out.append(UInt8(ascii: "["))
                        append(value: fields[index].value, typed, to: &out)
                    }
                    out.append(UInt8(ascii: ","))
                    append(value: fields[later].value, typed, to: &out)
                    written |= 1 << later
                }
                if isRepeated {
                    out.append(UInt8(ascii: "]"))
                } else {
                    append(value: fields[index].value, typed, to: &out)
                }
            }
            out.append(UInt8(ascii: "}"))
            return true
        }
    }

    /// Different for names that differ in length or in one of their last seven bytes.
    private static func fingerprint(_ name: UnsafeRawBufferPointer) -> UInt64 {
        var print = UInt64(truncatingIfNeeded: name.count)
        for index in max(0, name.count &- 7)..<name.count { print = print << 8 | UInt64(name[index]) }
        return print
    }

    private static func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count, let first = left.baseAddress, let second = right.baseAddress else {
            return left.count == right.count
        }
        return memcmp(first, second, left.count) == 0
    }

    /// The general case: groups by the names as they will stand in the object, so that none occurs twice in it.
    private static func writeMany(_ fields: UnsafeBufferPointer<RawField>, _ typed: Bool, into out: inout [UInt8]) {
        var places: [[UInt8]: Int] = [:]
        var members: [(name: [UInt8], values: [UnsafeRawBufferPointer])] = []
        for field in fields {
            let name = jsonName(field.name)
            if let place = places[name] {
                members[place].values.append(field.value)
            } else {
                places[name] = members.count
                members.append((name, [field.value]))
            }
        }
        out.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.append(contentsOf: member.name)
            out.append(UInt8(ascii: ":"))
            if member.values.count > 1 { out.append(UInt8(ascii: "[")) }
            for (index, value) in member.values.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                append(value: value, typed, to: &out)
            }
            if member.values.count > 1 { out.append(UInt8(ascii: "]")) }
        }
        out.append(UInt8(ascii: "}"))
    }

    private static func jsonName(_ name: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        if JSONString.append(name, to: &text) { return text }
        text.append(contentsOf: #""$base64:"#.utf8)
        Base64.encode(name, into: &text)
        text.append(UInt8(ascii: "\""))
        return text
    }

    private static func append(value: UnsafeRawBufferPointer, _ typed: Bool, to out: inout [UInt8]) {
        if typed, JSONSyntax.isValue(value) { return out.append(contentsOf: value) }
        if JSONString.append(value, to: &out) { return }
        out.append(contentsOf: #"{"$base64":""#.utf8)
        Base64.encode(value, into: &out)
        out.append(contentsOf: #""}"#.utf8)
    }
}
