/// How many entries a command has changed.
struct Count {
    let stream: String
    /// A participle: `removed`.
    let what: String
    let count: Int

    /// `990 removed`, or `{"stream":"orders","removed":990}`.
    func print(json: Bool) throws(OutputFailure) {
        guard json else { return try LineOutput.standardOutput.put("\(count) \(what)") }
        var line = JSONLine()
        line.add("stream", stream)
        line.add(what, count)
        try LineOutput.standardOutput.put(line.bytes)
    }
}
