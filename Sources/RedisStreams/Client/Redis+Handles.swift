extension Redis {
    /// A stream. Nothing is sent, and the stream need not be there yet.
    public func stream(_ key: String) -> Stream { Stream(name: StreamName(key), redis: self) }

    /// A stream whose key need not be text.
    public func stream(_ name: StreamName) -> Stream { Stream(name: name, redis: self) }

    /// A consumer group over one or several streams. Nothing is sent; `create` makes it.
    ///
    /// - Parameter consumer: who reads; `<name>.c1` unless given, but for `process`, which makes up a name of its own.
    public func consumerGroup(_ name: String, of streams: [String], consumer: String? = nil) -> ConsumerGroup {
        consumerGroup(name, of: streams.map { StreamName($0) }, consumer: consumer)
    }

    /// A consumer group over streams whose keys need not be text. One that is named twice is read once.
    public func consumerGroup(_ name: String, of streams: [StreamName], consumer: String? = nil) -> ConsumerGroup {
        var seen: Set<StreamName> = []
        return ConsumerGroup(
            name: name, streamNames: streams.filter { seen.insert($0).inserted }, consumer: consumer ?? "\(name).c1",
            redis: self,
            isConsumerNamed: consumer != nil)
    }

    /// A consumer group whose streams are addressed by time. Nothing is sent; `create` makes it.
    ///
    /// - Parameter consumer: who reads; `<name>.c1` unless given.
    public func timeSeries(_ name: String, of streams: [String], consumer: String? = nil) -> TimeSeries {
        TimeSeries(group: consumerGroup(name, of: streams, consumer: consumer))
    }

    /// A series over streams whose keys need not be text.
    public func timeSeries(_ name: String, of streams: [StreamName], consumer: String? = nil) -> TimeSeries {
        TimeSeries(group: consumerGroup(name, of: streams, consumer: consumer))
    }
}
