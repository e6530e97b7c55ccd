/// A message is not what the handler takes: it goes to the dead letters with the reason `malformed: <why>`.
struct MalformedMessage: Error {
    let reason: String
}
