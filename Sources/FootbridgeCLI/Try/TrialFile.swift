import RedisStreams

/// The fields of an entry from a file with one JSON object, or from standard input.
enum TrialFile {
    static func fields(_ path: String) throws -> EntryFields {
        let bytes = try InputFile(path: path).read()
        do throws(EventLineError) {
            return try EventLine.fields(bytes)
        } catch {
            throw failure("\(path): \(error)", CommandExit.badInput)
        }
    }
}
