internal import Glibc
internal import Logging

/// Descriptors that this process may have open: one for each request in flight and each connection to Redis.
///
/// Without one libcurl says that it could not connect, and the receiver would get the blame.
enum DescriptorLimit {
    /// Raises the limit as far as the system allows without privileges, and gives it.
    ///
    /// Usual is 1024, for programs that call select(2); we do not.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// Warns if there may not be enough.
    static func check(_ config: BridgeConfig, _ logger: Logger) {
        let (descriptors, needed) = (raise(), needed(by: config))
        guard descriptors < needed else { return }
        logger.warning(
            "too few descriptors for all requests in flight; raise the limit (ulimit -n, LimitNOFILE=) or lower concurrency",
            metadata: [LogKeys.limit: .stringConvertible(descriptors), LogKeys.needed: .stringConvertible(needed)])
    }

    /// Further connections that each worker may keep open, for routes with many endpoints: to connect anew for each entry costs
    /// more than the entry.
    static func spare(for config: BridgeConfig) -> Int {
        guard config.routes.contains(where: { $0.webhook?.hasManyEndpoints ?? false }) else { return 0 }
        return max(0, min(2000, raise() - needed(by: config)) / config.workers)
    }

    /// What a configuration needs when all of its routes are busy, with some for files and the rest.
    static func needed(by config: BridgeConfig) -> Int {
        let routes = config.routes.reduce(0) {
            $0 + ($1.webhook == nil ? 1 : $1.concurrency.maximum) + $1.streams.count
        }
        return config.workers * (routes + (config.waitForAck == nil ? 4 : 5)) + 64
    }
}
