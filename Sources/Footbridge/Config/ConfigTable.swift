/// Every key of the configuration: its path, its type, its default, and what it does, in one line.
///
/// Paths, types and defaults are those with which the reader asks for its keys, so no key can be missing here that is read, and
/// none can be here that is not. `footbridge config schema` is made from it, and docs/configuration.md is held to it.
public struct ConfigTable: Sendable {
    public struct Row: Sendable, Equatable {
        /// With `<name>` for a name that users choose: `routes.<name>.webhook.timeout`.
        public let path: String
        /// With the range, if there is one: `duration, 10ms to 1h`.
        public let type: String
        /// As it would be written in the file; `nil` if the key is required.
        public let defaultText: String?
        public let line: String
        /// It says which route this is: `defaults` cannot hold it.
        let isOwn: Bool
    }

    public let rows: [Row]

    static let routePattern = "routes.<name>."

    public init() {
        rows = ConfigFile.knownKeys.map { key in
            let line =
                key.path.hasPrefix(Self.routePattern)
                ? ConfigLines.route[String(key.path.dropFirst(Self.routePattern.count))] : ConfigLines.bridge[key.path]
            return Row(
                path: key.path, type: key.type, defaultText: key.defaultText, line: line ?? "", isOwn: key.isOwn)
        }
    }
}
