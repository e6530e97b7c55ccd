internal import Curl

/// Room for one request in flight: a libcurl handle and the entry that it carries.
struct DeliverySlot {
    let handle: CurlHandle
    var entry: HeldEntry?
    var startedAt = MonotonicTime(nanoseconds: 0)

    init(handle: CurlHandle) { self.handle = handle }
}

extension TransferOptions {
    /// What all requests of a route have in common.
    init(_ webhook: WebhookConfig) {
        self.init(
            url: webhook.url, method: webhook.method, timeout: webhook.timeout,
            connectTimeout: webhook.connectTimeout, responseLimitBytes: webhook.responseLimitBytes,
            headers: RequestWriter.fixedHeaders(webhook))
    }
}

extension WebhookConfig {
    /// Where the URL leads, for logs: its path may hold secrets, as those of chat services do, and so may its query.
    var endpoint: String {
        let host = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let path = url[host...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        return ["", "/"].contains(url[path...]) ? url : url[..<path] + "/…"
    }
}
