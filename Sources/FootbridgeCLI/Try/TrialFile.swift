import FoundationEssentials
import RedisStreams

/// The fields of an entry from a file with one JSON object.
enum TrialFile {
    static func fields(_ path: String) throws -> EntryFields {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw failure("the file \(path) cannot be read", CommandExit.badInput)
        }
        do throws(EventLineError) {
            return try EventLine.fields([UInt8](data))
        } catch {
            throw failure("\(path): \(error)", CommandExit.badInput)
        }
    }
}
