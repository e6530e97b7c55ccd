/// The outcome of an attempt that was answered, by the status of the answer.
///
/// | status | outcome |
/// |---|---|
/// | 2xx | delivered |
/// | 400, 413, 414, 415, 422 | poison |
/// | 401, 403, 404, 405, 3xx | misconfigured |
/// | 410 | gone |
/// | 408, 425, 429, 5xx, everything else | outage |
public enum StatusTable {
    /// - Parameter retryAfter: heeded on 429 and 503 only, where it speaks of the endpoint as a whole.
    public static func outcome(of status: Int, retryAfter: RetryAfter? = nil) -> Outcome {
        switch status {
        case 200...299: .delivered(status: status)
        case 400, 413, 414, 415, 422: .poison(status: status)
        case 401, 403, 404, 405, 300...399: .misconfigured(.status(status))
        case 410: .gone
        case 429, 503: .outage(.status(status, retryAfter: retryAfter))
        default: .outage(.status(status, retryAfter: nil))
        }
    }
}
