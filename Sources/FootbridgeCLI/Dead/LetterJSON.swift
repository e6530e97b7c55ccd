import Footbridge
import FoundationEssentials
import RedisStreams

/// A dead letter as one line of NDJSON; what is unknown is left out.
///
/// ```
/// {"letter":"1767312000500-0","buried":"2026-01-02T00:00:00.500Z","in":"{orders}:dead:shop","reason":"rejected: http_422",
///  "status":422,"attempts":2,"route":"shop","stream":"orders","id":"1767312000000-0",…,"fields":{"type":"created"}}
/// ```
/// The entry's own fields are as `stream range --json` has them.
enum LetterJSON {
    static func line(_ letter: Letter) -> [UInt8] {
        var line = JSONLine()
        line.add("letter", letter.id.description)
        if let time = letter.id.time { line.add("buried", time) }
        line.add("in", letter.place)
        line.add("reason", letter.reason)
        if let status = letter.status { line.add("status", status) }
        if let attempts = letter.attempts { line.add("attempts", attempts) }
        if let route = letter.route { line.add("route", route) }
        if let stream = letter.stream { line.add("stream", stream) }
        if let entry = letter.entry {
            line.add("id", entry.description)
            if let time = entry.time { line.add("time", time) }
        }
        if let first = letter.firstAt { line.add("first_at", first) }
        if let last = letter.lastAt { line.add("last_at", last) }
        if letter.replays > 0 { line.add("replays", letter.replays) }
        if !letter.response.isEmpty {
            if let text = JSONLine.string(letter.response) {
                line.add("response", json: text)
            } else {
                line.add("response_base64", Data(letter.response).base64EncodedString())
            }
        }
        EntryJSON.add(letter.fields, to: &line)
        return line.bytes
    }
}
