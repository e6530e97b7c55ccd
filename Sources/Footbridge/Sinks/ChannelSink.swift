internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import FootbridgeWebhooks

/// Delivers entries as messages of a channel: delivered is what the server has taken, whoever listens.
///
/// `PUBLISH channel message` → how many have got it. <https://redis.io/docs/latest/commands/publish/>
final class ChannelSink: LaneSink {
    let lane: RedisLane
    private let command: String
    private var channel: [UInt8]
    private let shaper: Shaper?
    private let body: BodyWriter
    private let audience: Audience
    private var message: [UInt8] = []

    init(_ publish: PublishConfig, body: BodyWriter, shaper: Shaper?, lane: RedisLane, audience: Audience) {
        self.shaper = shaper
        self.lane = lane
        command = publish.command
        channel = Array(publish.channel.text.utf8)
        self.body = body
        self.audience = audience
    }

    func start(_ delivery: Delivery) throws(UnmakeableRequest) -> DeliveryReport? {
        message.removeAll(keepingCapacity: true)
        try body.write(delivery, into: &message)
        if let shaper { try shaper.writeName(to: &channel) }
        var encoder = RESPEncoder(capacity: message.count + channel.count + 64)
        encoder.beginCommand(argumentCount: 3)
        encoder.argument(command)
        encoder.argument(channel)
        encoder.argument(message)
        let command = RESPCommand(name: command, encoded: encoder.bytes)
        lane.begin(delivery.row) { passage, connection in
            connection.send(command, deadline: PublishConfig.timeout) { [self] reply in
                switch reply {
                case .success(let value):
                    if lane.isWanted(passage) { audience.note(receivers: Int(clamping: value.integer ?? 0)) }
                    lane.finish(passage)
                case .failure(let error): lane.fail(passage, error)
                }
            }
        }
        return nil
    }
}
