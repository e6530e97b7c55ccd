#if !FOOTBRIDGE_SABOTAGE
    internal import Curl
    internal import RedisStreams

    /// The parts that a bridge is put together from where there is a choice. A build with faults in it, for checking the
    /// checks of `make chaos`, has others (`Sabotage.swift`).
    enum Parts {
        static func sink(for route: RouteConfig, namespace: String?, loop: CurlLoop) throws -> any Sink {
            try WebhookSink(route, namespace: namespace, loop: loop)
        }

        static let takeoverPolicy: any TakeoverPolicy = TakesOverTheSilent()
    }
#endif
