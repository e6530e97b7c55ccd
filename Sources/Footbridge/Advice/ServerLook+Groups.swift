internal import FootbridgeRESP
internal import FootbridgeRedis
internal import RedisStreams

/// Who reads the streams, and who does not any more.
extension ServerLook {
    /// A group that no route of the configuration reads with.
    func look(atOther group: GroupInfo, of stream: String) async throws(RedisError) -> ServerAdvice? {
        leftBehind(group, try await ask(.consumers(of: group.name, stream: stream)) ?? [], of: stream)
    }

    /// A Footbridge made this group, nobody reads it any more, and it holds something.
    private func leftBehind(_ group: GroupInfo, _ consumers: [ConsumerInfo], of stream: String) -> ServerAdvice? {
        let owners = consumers.compactMap { OwnerMark($0.name) }
        // Marks of the group itself stay when the last reader has left.
        let readers = consumers.filter { OwnerMark($0.name) != nil || !WellKnownConsumer.isMark($0.name) }
        // While they live they show it much more often.
        let silence = owners.map(\.claimAfter).max() ?? .seconds(60)
        guard consumers.contains(where: { WellKnownConsumer.isMark($0.name) }),
            readers.allSatisfy({ $0.idle > silence }), group.pendingCount > 0 || group.lag ?? 1 > 0
        else { return nil }
        let unread = group.lag.map { "\($0) unread" } ?? "some unread"
        return ServerAdvice(
            "group \(group.name), which a Footbridge made, has \(group.pendingCount) pending and \(unread), and nobody reads with it. "
                + "If its bridge is stopped, start it. If its route was renamed, write group: \(group.name) in the route that goes on with it. "
                + "If nobody needs them: footbridge group destroy \(group.name) \(stream)", stream: stream)
    }

    /// A process of this instance's name lives. The bridge itself tells of one, and waits (`Preparation.meetRival`).
    func namesake() async throws(RedisError) -> ServerAdvice? {
        let mine = "\(config.instance).1"
        for route in config.routes {
            for stream in route.streams {
                let consumers = try await ask(.consumers(of: route.group, stream: stream)) ?? []
                for owner in consumers.compactMap({ OwnerMark($0.name) }) where owner.consumer == mine {
                    let reply = try? await ask("PUBSUB", "NUMSUB", OwnerMark.channel(token: owner.token)).get()
                    guard (reply?.elements?.last?.integer ?? 0) > 0 else { continue }
                    return ServerAdvice(
                        "an instance \(config.instance) is running; if that is another one, give each an instance: of its own, "
                            + "or the second waits until the first stops", isWarning: false)
                }
            }
        }
        return nil
    }
}
