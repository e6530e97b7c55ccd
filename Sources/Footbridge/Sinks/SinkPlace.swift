internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging

/// What sinks are made with: the worker that they belong to, and what is known of the route's streams.
struct SinkPlace {
    let worker: WorkerContext
    let counters: RouteCounters
    let logger: Logger
    /// The programs of the route, if it has any.
    let shaper: Shaper?
    var answerCheck: AnswerCheck?
    /// `nil` if nothing is traced.
    let tracer: RouteTracer?
    /// The mark of the group of one of the route's streams; see `StreamSink.Source`.
    let mark: (_ stream: Int) -> String?

    /// - Throws: if libcurl or OpenSSL refuse what the route asks for.
    func sink(for route: RouteConfig) throws -> any Sink {
        switch route.destination {
        case .webhook(let webhook):
            if case .oauth2(let config) = webhook.auth {
                return try OAuth2Sink(
                    webhook, of: route, config, namespace: worker.namespace, shaper: shaper,
                    answerCheck: answerCheck, tracer: tracer, urls: worker.log.urls, loop: worker.loop)
            }
            if let origin = webhook.cloudEvents?.handshake {
                return try HandshakeSink(
                    webhook, of: route, origin: origin, namespace: worker.namespace, shaper: shaper,
                    answerCheck: answerCheck, tracer: tracer, urls: worker.log.urls, loop: worker.loop)
            }
            return try WebhookSink(
                webhook, of: route, namespace: worker.namespace, shaper: shaper, answerCheck: answerCheck,
                tracer: tracer, urls: worker.log.urls, loop: worker.loop)
        case .publish(let publish):
            return ChannelSink(
                publish, body: BodyWriter(publish.body, streams: route.streams, shaper: shaper), shaper: shaper,
                lane: lane(for: route) { [worker] in worker.commands.connection },
                audience: Audience(publish.channel, counters: counters, logger: logger))
        case .append(let append):
            let source = StreamSink.Source(
                streams: Route.places(of: route), group: route.group, consumer: worker.consumer,
                namespace: worker.namespace,
                mark: mark)
            // What it acknowledges is waited for like other acknowledgements.
            return try StreamSink(
                append, from: source, shaper: shaper, lane: lane(for: route) { [worker] in worker.settling },
                counters: counters,
                loop: worker.loop)
        }
    }

    private func lane(for route: RouteConfig, _ own: @escaping () -> RedisConnection?) -> RedisLane {
        let other = route.destination.redis.flatMap(worker.otherRedis)
        return RedisLane(
            other.map { .other($0) } ?? .own(own), loop: worker.loop, concurrency: route.concurrency.maximum)
    }
}
