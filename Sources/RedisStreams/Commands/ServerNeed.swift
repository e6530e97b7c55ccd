/// What a command, or an option of it, asks of the server: the version that brought it.
///
/// Servers that are older refuse an option in different words (`ERR syntax error`, `ERR Invalid stream ID …`), so it is their version that tells, which is asked for
/// after a refusal only.
package struct ServerNeed: Sendable, Equatable {
    /// `ACKED`; `nil` if it is the command as such.
    let option: String?
    /// The first Redis that has it.
    let redis: ServerVersion
    /// The first Valkey that has it; `nil` if none is known.
    let valkey: ServerVersion?

    package init(option: String? = nil, redis: String, valkey: String? = nil) {
        self.option = option
        self.redis = ServerVersion(redis) ?? ServerVersion(numbers: [])
        self.valkey = valkey.flatMap(ServerVersion.init)
    }
}

/// `8.2.3`, ordered as numbers.
struct ServerVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    let numbers: [Int]

    init(numbers: [Int]) { self.numbers = numbers }

    init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.allSatisfy({ $0 != nil }) else { return nil }
        self.numbers = numbers.compactMap(\.self)
    }

    static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }

    var description: String { numbers.map(String.init).joined(separator: ".") }
}

/// What a server says of itself in `INFO server`.
struct ServerIdentity: Sendable, Equatable, CustomStringConvertible {
    let isValkey: Bool
    let version: ServerVersion

    /// - Parameter info: lines `name:value`. Valkey's `redis_version` is that of the Redis it began from.
    init?(info: String) {
        var values: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...]
        }
        let valkey = values["valkey_version"]
        guard let version = (valkey ?? values["redis_version"]).flatMap({ ServerVersion($0) }) else { return nil }
        isValkey = valkey != nil
        self.version = version
    }

    var description: String { "\(isValkey ? "Valkey" : "Redis") \(version)" }
}

extension ServerNeed {
    /// Why this server refuses it; `nil` if it ought to have it.
    ///
    /// - Parameter server: `nil` if it does not tell what it is.
    func refusal(by server: ServerIdentity?) -> String? {
        let need = "\(option.map { $0 + " " } ?? "")needs Redis \(redis)" + (valkey.map { " or Valkey \($0)" } ?? "")
        guard let server else { return need }
        guard let first = server.isValkey ? valkey : redis else { return "\(need); the server is \(server)" }
        return server.version < first ? "\(need); the server is \(server)" : nil
    }
}

extension ServerNeed {
    /// `ENTRIESREAD` if it is used.
    static func entriesRead(_ entriesRead: Int?) -> ServerNeed? {
        entriesRead.map { _ in ServerNeed(option: "ENTRIESREAD", redis: "7.0", valkey: "7.2") }
    }

    /// Delivery that takes over what was abandoned.
    static var readClaim: ServerNeed { ServerNeed(option: "CLAIM", redis: "8.4") }
}
