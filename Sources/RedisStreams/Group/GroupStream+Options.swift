/// What the commands can do beyond the usual.
extension GroupStream {
    /// Creates a consumer, this one unless another is named; reading creates it, too. Returns `false` if it existed already.
    /// `XGROUP CREATECONSUMER`
    @discardableResult
    public func createConsumer(_ name: String? = nil) async throws(Redis.Failure) -> Bool {
        try await redis.call(.createConsumer(name ?? group.consumer, of: group.name, stream: key))
    }

    /// New entries for this consumer, acknowledged as they are delivered: they are never pending, and are lost if this consumer
    /// fails. `NOACK`
    public func readAcknowledged(
        count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [StreamEntry] {
        try await alone.readAcknowledged(count: count, waiting: waiting).first?.entries ?? []
    }

    /// Takes pending entries over for this consumer without reading them and without raising their delivery counts. Returns the
    /// ids that were taken over.
    ///
    /// `XCLAIM … JUSTID`. For entries that this consumer already has, this resets their idle times: a consumer that works on
    /// entries for long shows in this way that it is still working.
    @discardableResult
    public func claimIDs(
        _ ids: [EntryID], minimumIdle: Duration = .zero, options: ClaimOptions = ClaimOptions()
    ) async throws(Redis.Failure) -> [EntryID] {
        guard !ids.isEmpty else { return [] }
        return try await redis.call(
            .claimIDs(
                ids, stream: key, group: group.name, consumer: group.consumer, minimumIdle: minimumIdle, options))
    }

    /// `autoclaim` without reading the entries, and without raising their delivery counts. `XAUTOCLAIM … JUSTID`
    public func autoclaimIDs(
        minimumIdle: Duration, from start: EntryID = .zero, count: Int = 100
    ) async throws(Redis.Failure) -> ClaimedIDs {
        try await redis.call(
            .autoclaimIDs(
                stream: key, group: group.name, consumer: group.consumer, minimumIdle: minimumIdle, from: start,
                count: count))
    }

    /// Acknowledges entries and deletes them from the stream, in one step. Returns the result for each id, in the same order.
    ///
    /// `XACKDEL`, Redis 8.2; <https://redis.io/docs/latest/commands/xackdel/>. If other groups read the stream, too,
    /// `.onlyAcknowledged` leaves the deletion to the last of them.
    /// - Throws: `unsupported` on other servers.
    @discardableResult
    public func acknowledgeAndDelete(
        _ ids: [EntryID], references: EntryReferences = .keep
    ) async throws(Redis.Failure) -> [EntryDeletion] {
        guard !ids.isEmpty else { return [] }
        return try await redis.call(
            .acknowledgeAndDelete(ids, stream: key, group: group.name, references: references))
    }
}

extension ConsumerGroup {
    /// New entries of all streams for this consumer, acknowledged as they are delivered: they are never pending, and are lost if
    /// this consumer fails.
    ///
    /// `XREADGROUP … NOACK`; see `read`. What was on its way when the connection was lost or the task was cancelled is lost, too.
    @discardableResult
    public func readAcknowledged(
        count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [StreamBatch] {
        let count = count ?? Redis.defaultCount
        guard count > 0 else { return [] }
        return try await redis.wait(waiting) {
            .readGroup(
                name, consumer: consumer, streams: streamNames.map(\.bytes), count: count, block: $0,
                isAcknowledged: true)
        }
    }

    /// What has been pending for at least `minimumIdle`, whoever has it, and then new entries, in one call: all of them are
    /// pending for this consumer from then on.
    ///
    /// `XREADGROUP … CLAIM min-idle`, Redis 8.4; <https://redis.io/docs/latest/commands/xreadgroup/>. See `read`.
    /// - Throws: `unsupported` on other servers.
    @discardableResult
    public func readClaiming(
        minimumIdle: Duration, count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [DeliveredMessage] {
        let count = count ?? Redis.defaultCount
        guard count > 0 else { return [] }
        return try await redis.wait(waiting) {
            .readClaiming(
                name, consumer: consumer, streams: streamNames.map(\.bytes), minimumIdle: minimumIdle, count: count,
                block: $0)
        }
    }
}
