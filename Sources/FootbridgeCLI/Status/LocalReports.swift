import Footbridge

/// What the bridges of this machine say of themselves when they are asked: as it is now, and also when Redis takes no reports.
enum LocalReports {
    /// For each bridge; one that hangs says nothing.
    private static let patience = 1

    /// Of those that run with this configuration, as far as the user may ask them: root, and the user that they run as.
    static func all(config path: String) -> [InstanceReport] {
        let channels = ControlAddress.all(config: path).compactMap { ControlChannel.connect(to: $0) }
        for channel in channels {
            channel.limitWaits(to: patience)
            channel.write("status\n")
        }
        return channels.compactMap { channel in
            defer { channel.close() }
            return channel.read().flatMap { try? InstanceReport(json: $0.utf8) }
        }
    }
}
