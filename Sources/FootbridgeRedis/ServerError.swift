/// An error that the server answered with, classed by what the caller can do about it.
///
/// The first word is the interface; the text after it differs between servers and versions (Valkey says "Valkey" where
/// Redis says "Redis"), so it is looked at only where one word means several things (`ERR`, `UNBLOCKED`).
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>
public struct ServerError: Error, Sendable, Equatable {
    /// The first word, if it is all capitals: `WRONGTYPE`, `ERR`; else empty.
    public let code: String
    /// What follows the code.
    public let message: String
    public let kind: Kind

    public enum Kind: Sendable, Equatable {
        /// The server cannot just now; the same command may succeed later.
        case transient
        /// The server is a replica or becomes one: drop the connection, find the master.
        case notMaster
        /// The group or its stream is gone.
        case noGroup
        /// `CLIENT UNBLOCK … ERROR` ended a blocking command; the connection is in order.
        case unblocked
        /// Credentials or rights are wrong; repeating changes nothing before someone acts.
        case configuration
        /// The key holds something that is not a stream.
        case wrongType
        /// The script has to be loaded again.
        case noScript
        /// The group that was to be made exists.
        case busyGroup
        /// This version of the server does not know the command or subcommand.
        case unknownCommand
        /// The server does not speak the asked-for version of the protocol.
        case noProto
        /// Cluster: the slot lives at another node.
        case moved
        /// Cluster: the slot is moving; ask the other node, this once.
        case ask
        /// Cluster: the keys of one command live in different slots.
        case crossSlot
        case other
    }

    /// - Parameter bytes: an error reply without its type byte and line end.
    public init(_ bytes: some Collection<UInt8>) {
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let word = bytes.prefix { $0 != UInt8(ascii: " ") }
        let hasCode = !word.isEmpty && word.allSatisfy(capitals.contains)
        let code = hasCode ? String(decoding: word, as: UTF8.self) : ""
        let rest = hasCode ? bytes.dropFirst(word.count + 1) : bytes[...]
        let message = String(decoding: rest, as: UTF8.self)
        self.code = code
        self.message = message
        self.kind = Kind(code: code, message: message)
    }
}

extension ServerError {
    /// The same without a password, which may be cut: Redis repeats no more than 128 bytes.
    func withoutPassword(_ password: String) -> ServerError {
        let shortest = min(4, password.count)
        let lengths = stride(from: password.count, through: shortest, by: -1)
        guard let length = lengths.first(where: { message.contains(password.prefix($0)) }) else { return self }
        return ServerError(code: code, message: message.replacing(password.prefix(length), with: "***"), kind: kind)
    }

    private init(code: String, message: String, kind: Kind) {
        (self.code, self.message, self.kind) = (code, message, kind)
    }
}

extension ServerError: CustomStringConvertible {
    /// The reply as the server sent it.
    public var description: String {
        code.isEmpty ? message : message.isEmpty ? code : "\(code) \(message)"
    }
}

extension ServerError.Kind {
    fileprivate init(code: String, message: String) {
        switch code {
        case "LOADING", "BUSY", "TRYAGAIN", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "MISCONF", "OOM":
            self = .transient
        case "READONLY": self = .notMaster
        case "NOGROUP": self = .noGroup
        case "NOAUTH", "WRONGPASS", "NOPERM": self = .configuration
        // Protected mode: the server takes no clients from elsewhere while it has no password.
        case "DENIED": self = .configuration
        case "WRONGTYPE": self = .wrongType
        case "NOSCRIPT": self = .noScript
        case "BUSYGROUP": self = .busyGroup
        case "NOPROTO": self = .noProto
        case "MOVED": self = .moved
        case "ASK": self = .ask
        case "CROSSSLOT": self = .crossSlot
        case "UNBLOCKED": self = Self(unblockedBecause: message)
        case "ERR": self = Self(generic: message)
        default: self = .other
        }
    }

    private init(unblockedBecause message: String) {
        if message.hasPrefix("the stream key no longer exists") {
            // Redis 7.0, also if the key now holds something else; later versions say NOGROUP or WRONGTYPE.
            self = .noGroup
        } else if message.contains("instance state changed") {
            self = .notMaster
        } else {
            self = .unblocked
        }
    }

    private init(generic message: String) {
        if message.hasPrefix("unknown command") || message.hasPrefix("unknown subcommand") {
            self = .unknownCommand
        } else if message.hasPrefix("max number of clients") {
            self = .transient
        } else if message.hasPrefix("invalid password") || message.hasPrefix("Client sent AUTH, but no password is set")
        {
            // Redis 5 and before; later ones say WRONGPASS.
            self = .configuration
        } else {
            self = .other
        }
    }
}
