internal import FootbridgeRESP

/// Some of the streams of a database, and where the next ones begin; behind the last ones that is `0` again.
package struct StreamNamePage: Sendable, Equatable {
    package let cursor: String
    package let names: [StreamName]
}

extension StreamCommand where Reply == StreamNamePage {
    /// `SCAN … TYPE stream`: the server looks at some thousand keys. A name may come twice.
    ///
    /// - Parameters:
    ///   - cursor: `0` at first.
    ///   - pattern: as of `KEYS`.
    package static func streamNames(after cursor: String, like pattern: String = "*") -> StreamCommand {
        StreamCommand(["SCAN", cursor, "MATCH", pattern, "COUNT", 1000, "TYPE", "stream"], isReadOnly: true) { reply in
            guard let parts = reply.elements, parts.count == 2, let next = parts[0].text, let keys = parts[1].elements
            else { return nil }
            return StreamNamePage(cursor: next, names: keys.compactMap(\.bytes).map { StreamName($0) })
        }
    }
}
