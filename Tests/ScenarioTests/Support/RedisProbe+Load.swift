import TestSupport

extension RedisProbe {
    /// Commands that came in since `CONFIG RESETSTAT`, those in scripts and those that were refused included.
    ///
    /// `INFO commandstats` → `cmdstat_xack:calls=3,…,rejected_calls=1,failed_calls=0`
    func commandsReceived() throws -> Int {
        let reply = try command("INFO", "commandstats")
        guard let lines = reply.text?.split(whereSeparator: \.isNewline), lines.count > 1 else {
            throw TestSupportError("INFO: \(reply)")
        }
        return lines.flatMap { $0.split { ":,".contains($0) } }.reduce(0) { sum, part in
            let pair = part.split(separator: "=")
            return ["calls", "rejected_calls"].contains(pair[0]) ? sum + (Int(pair[1]) ?? 0) : sum
        }
    }

    /// How often the server has answered with this error since `CONFIG RESETSTAT`: `errorstat_OOM:count=3`.
    func refusals(_ error: String) throws -> Int {
        try info("errorstat_\(error)").flatMap { $0.split(separator: "=").last.flatMap { Int($0) } } ?? 0
    }

    /// The value of `name` in the reply to `INFO`.
    func info(_ name: String) throws -> String? {
        let lines = try command("INFO").text?.split(whereSeparator: \.isNewline) ?? []
        return lines.first { $0.hasPrefix("\(name):") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
