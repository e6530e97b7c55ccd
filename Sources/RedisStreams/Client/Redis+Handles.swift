extension Redis {
    /// A stream. Nothing is sent, and the stream need not be there yet.
    public func stream(_ key: String) -> Stream { Stream(key: key, redis: self) }

    /// A consumer group over one or several streams. Nothing is sent; `create` makes it.
    ///
    /// - Parameter consumer: who reads; `<name>.c1` unless given.
    public func consumerGroup(_ name: String, of streams: [String], consumer: String? = nil) -> ConsumerGroup {
        ConsumerGroup(name: name, streams: streams, consumer: consumer ?? "\(name).c1", redis: self)
    }

    /// A consumer group whose streams are addressed by time. Nothing is sent; `create` makes it.
    ///
    /// - Parameter consumer: who reads; `<name>.c1` unless given.
    public func timeSeries(_ name: String, of streams: [String], consumer: String? = nil) -> TimeSeries {
        TimeSeries(group: consumerGroup(name, of: streams, consumer: consumer))
    }
}
