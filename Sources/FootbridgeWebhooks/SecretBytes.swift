/// The bytes of a secret that is no key of Standard Webhooks, as they are.
///
/// Neither printing, interpolating, reflecting nor dumping one shows the bytes.
public struct SecretBytes: Sendable, Equatable {
    let bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// The bytes: for finding them in what is not to show them.
    public func revealed() -> [UInt8] { bytes }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
