/// The query of a URL as people may see it: names, and no values.
enum QueryMask {
    /// - Parameter isInQuery: the text begins behind the `?`.
    static func masked(_ text: String, isInQuery: Bool) -> String {
        var result = ""
        var isInQuery = isInQuery
        // What stands before the first of these may be the rest of a value.
        var isValue = isInQuery && !(text.first.map { "?&".contains($0) } ?? true)
        var hasMask = false
        for character in text {
            switch character {
            case "?" where !isInQuery: (isInQuery, isValue, hasMask) = (true, false, false)
            case "&" where isInQuery: (isValue, hasMask) = (false, false)
            case "=" where isInQuery && !isValue:
                (isValue, hasMask) = (true, false)
                result.append(character)
                continue
            default:
                if isInQuery && isValue {
                    if !hasMask { result += "***" }
                    hasMask = true
                    continue
                }
            }
            result.append(character)
        }
        return result
    }
}
