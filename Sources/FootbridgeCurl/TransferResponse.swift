/// The answer to one request.
public struct TransferResponse: Sendable, Equatable {
    public let status: Int
    /// The head of the body, for people: at most `TransferOptions.keptBodyBytes`.
    public let bodyHead: [UInt8]
    /// The body went on beyond the limit and was not read to its end.
    public let isTruncated: Bool
    /// It came over a connection that had carried other requests before.
    public let usedConnection: Bool
    /// It came before our body was sent whole; the connection is not used again.
    public let cameEarly: Bool

    public init(
        status: Int, bodyHead: [UInt8], isTruncated: Bool, usedConnection: Bool = false, cameEarly: Bool = false
    ) {
        self.status = status
        self.bodyHead = bodyHead
        self.isTruncated = isTruncated
        self.usedConnection = usedConnection
        self.cameEarly = cameEarly
    }
}
