internal import FootbridgeCurl
internal import FootbridgeWebhooks

extension Outcome {
    /// What a finished transfer means.
    ///
    /// - Parameters:
    ///   - kinds: statuses that mean something else than usual.
    ///   - retryAfter: reads the header of that name; asked for only where it counts.
    init(
        _ result: Result<TransferResponse, TransportFailure>, kinds: StatusKinds = StatusKinds(), now: Int64,
        retryAfter: () -> String?
    ) {
        switch result {
        case .success(let response):
            let status = response.status
            if kinds.isEmpty {
                let wait = status == 429 || status == 503 ? retryAfter() : nil
                self = StatusTable.outcome(of: status, retryAfter: wait.flatMap { RetryAfter($0, now: now) })
            } else {
                let wait = kinds.heedsRetryAfter(status) ? retryAfter() : nil
                self = kinds.outcome(of: status, retryAfter: wait.flatMap { RetryAfter($0, now: now) })
            }
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
                case .forbiddenAddress: .routeRefused(.forbiddenAddress)
                case .proxy: .outage(.proxy(failure.message))
                case .ownLack: .ownLack(failure.message)
                case .cancelled, .other: .outage(.other(failure.message))
                }
        }
    }
}
