internal import Curl
internal import Webhooks

extension Outcome {
    /// What a finished transfer means.
    ///
    /// - Parameter retryAfter: reads the header of that name; asked for only where it counts.
    init(_ result: Result<TransferResponse, TransportFailure>, now: Int64, retryAfter: () -> String?) {
        switch result {
        case .success(let response):
            let wait = response.status == 429 || response.status == 503 ? retryAfter() : nil
            self = StatusTable.outcome(of: response.status, retryAfter: wait.flatMap { RetryAfter($0, now: now) })
        case .failure(let failure):
            self =
                switch failure.kind {
                case .unknownHost: .routeRefused(.unknownHost)
                case .certificate: .routeRefused(.certificate)
                case .invalid: .routeRefused(.credentials)
                case .refused: .outage(.refused)
                case .timedOut: .outage(.timedOut)
                case .disconnected: .outage(.reset)
                case .keptConnectionEnded: .outage(.keptConnectionEnded)
                case .tls: .outage(.tls)
                case .noTLS: .routeRefused(.noTLS)
                case .clientCertificateWanted: .routeRefused(.clientCertificateWanted)
                case .nameLookupFailed: .outage(.nameLookupFailed)
                case .notHTTP: .outage(.notHTTP)
                case .ownLack: .ownLack(failure.message)
                case .cancelled, .other: .outage(.other(failure.message))
                }
        }
    }
}
