/// The outcome of an attempt that was answered, by the status of the answer.
///
/// | status | outcome |
/// |---|---|
/// | 2xx | delivered |
/// | 3xx, 401, 403, 404, 405, 407, 410, 411, 421, 426, 501 | route refused |
/// | 429; 503 with `Retry-After` | throttled |
/// | 408, 425 | outage |
/// | every other 4xx: 400, 413, 414, 415, 422 … | message refused |
/// | 5xx, everything else | outage |
public enum StatusTable {
    /// - Parameter retryAfter: heeded on 429 and 503 only, where it speaks of the endpoint as a whole.
    public static func outcome(of status: Int, retryAfter: RetryAfter? = nil) -> Outcome {
        switch status {
        case 200...299: .delivered(status: status)
        case 300...399, 401, 403, 404, 405, 407, 410, 411, 421, 426, 501: .routeRefused(.status(status))
        case 429: .throttled(status: status, retryAfter: retryAfter)
        case 503 where retryAfter != nil: .throttled(status: status, retryAfter: retryAfter)
        case 408, 425: .outage(.status(status))
        case 400...499: .messageRefused(status: status)
        default: .outage(.status(status))
        }
    }
}
