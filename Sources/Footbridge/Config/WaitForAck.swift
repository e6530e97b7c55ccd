internal import FootbridgeCurl
public import FootbridgeRESP

/// How many replicas must have what was settled before it counts as settled, as the configuration says it.
public struct WaitForAck: Sendable, Equatable {
    public var replicas: Int
    /// So long one WAIT waits for them.
    public var timeout: Duration

    public init(replicas: Int, timeout: Duration = .seconds(1)) {
        self.replicas = replicas
        self.timeout = timeout
    }
}

extension WaitForAck {
    /// What is sent behind what was settled; the second one's reply is how many replicas have it.
    ///
    /// WAIT is about the last write of its connection. From Redis 8 on an XACK that is repeated on the next connection is
    /// none if the first one was executed; a message that nobody listens to always is, and changes nothing.
    public var commands: (write: RESPCommand, wait: RESPCommand) {
        (["PUBLISH", Self.channel, ""], ["WAIT", replicas, timeout.wholeMilliseconds])
    }

    public static let channel = "footbridge:wait"
}

extension WaitForAck {
    /// Reads `redis.wait_for_ack`; `nil` if it is not there.
    init?(_ section: Section) {
        var replicas: Int?
        if section.exists || section.isTemplate {
            let range = 1...16
            let type = "integer, \(range.lowerBound) to \(range.upperBound)"
            replicas = section.required("replicas", type: type, example: "1") { text throws(Complaint) in
                try NumberText.integer(text, range)
            }
        }
        self.init(replicas: replicas ?? 1)
        // To WAIT, 0 is for ever.
        section.duration("timeout", &timeout, .milliseconds(10)...(.seconds(60)))
        section.finish()
        guard section.exists else { return nil }
    }
}
