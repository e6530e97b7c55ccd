/// The known name that an unknown one was probably meant to be.
///
/// Case, `-` and `_` do not count (`claimAfter` is `claim_after`), nor do missing or added ends (`warn`, `maximum`); beyond
/// that, one slip in three characters is forgiven.
package func nearest(to name: String, among known: [String]) -> String? {
    guard name.utf8.count <= 40 else { return nil }
    let wanted = normalized(name)
    let longer = known.first { wanted.count >= 3 && (normalized($0).starts(with: wanted)) }
    let shorter = known.first { $0.utf8.count >= 3 && wanted.starts(with: normalized($0)) }
    if let abbreviated = longer ?? shorter { return abbreviated }
    let candidates = known.map { (name: $0, distance: editDistance(wanted, normalized($0))) }
    guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, wanted.count / 3) ? best.name : nil
}

/// Whether one name was probably meant to be the other: a letter wrong, missing or too many, or two of them in eight and more.
///
/// Names that differ in a number or by a further part (`orders-v2`, `orders:eu`) are names of two things.
func isSlip(_ name: String, _ other: String) -> Bool {
    func letters(_ name: String) -> [UInt8] { normalized(name).filter { !(0x30...0x39).contains($0) } }
    guard name.utf8.count <= 200, other.utf8.count <= 200,
        letters(name) != letters(other) || normalized(name) == normalized(other)
    else { return false }
    let (short, long) = name.utf8.count < other.utf8.count ? (name, other) : (other, name)
    if long.hasPrefix(short) || long.hasSuffix(short), long.utf8.count > short.utf8.count + 1 { return false }
    return editDistance(normalized(name), normalized(other)) <= (short.utf8.count >= 8 ? 2 : 1)
}

private func normalized(_ name: String) -> [UInt8] {
    name.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
}

/// Insertions, deletions, replacements and swaps of neighbours between two names (optimal string alignment).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, byte) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (byte == other ? 0 : 1))
            if row > 0, column > 0, byte == right[column - 1], other == left[row - 1] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
